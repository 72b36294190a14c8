"""The routers of all pages of sign-in, accounts and rights, in the order in which they match."""

from fastapi import APIRouter

from services.signin import account, account_changes, accounts, provider_pages, routes, trail_pages

ROUTERS: tuple[APIRouter, ...] = (
    routes.router,
    provider_pages.router,
    account.router,
    trail_pages.router,
    accounts.router,
    account_changes.router,
)
