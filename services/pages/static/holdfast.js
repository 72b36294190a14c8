// Small comforts; every page works without them.
"use strict";

// Errors are told first: whoever cannot see the page hears them at once. Whoever came for one field
// or added a part goes on there.
const summary = document.querySelector(".error-summary");
function goTo(hash) {
  const found = document.getElementById(decodeURIComponent(hash.slice(1)));
  const part = found?.matches(".repeated") ? [...found.querySelectorAll(".repeat")].pop() : found;
  const field = "input:not([type=hidden]), select, textarea";
  const target = part?.matches(field) ? part : part?.querySelector(field);
  target?.focus();
  return Boolean(target);
}
if (!goTo(location.hash)) summary?.focus();
summary?.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link) setTimeout(() => goTo(link.hash));
});

// A double click is one submission. The hidden key makes sure of that on the server too.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 10000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A live page shows when its connection is broken, and when it has healed.
function connection(whole) {
  for (const sign of document.querySelectorAll(".live")) {
    sign.classList.toggle("live-broken", !whole);
    sign.textContent = whole ? sign.dataset.whole : sign.dataset.broken;
  }
}
document.addEventListener("htmx:sse:after:connection", () => connection(true));
document.addEventListener("htmx:sse:after:message", () => connection(true));
document.addEventListener("htmx:sse:error", (event) => {
  connection(false);
  if (event.detail.status === 401 || event.detail.status === 403) over(event.detail.status);
});
document.addEventListener("htmx:sse:close", () => connection(false));

// Whose session is over, or who has no right any more, is told so: no trying again mends it.
const signIn = { href: `/sign-in?next=${encodeURIComponent(location.pathname)}`, textContent: "Sign in" };
function over(status) {
  for (const sign of document.querySelectorAll(".live")) {
    sign.textContent = sign.dataset[`over${status}`];
    if (status === 401) sign.append(" ", Object.assign(document.createElement("a"), signIn));
  }
}

// What scrolls by itself can be reached and scrolled by keys; what fits stays out of their way.
function reachable() {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else if (!box.hasAttribute("role")) box.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachable);
document.addEventListener("htmx:after:swap", reachable);
document.addEventListener("htmx:sse:after:message", reachable);
reachable();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
