"""Somebody who is site staff at one site and the investigator of another works for both."""

from services.signin.signin import Signin
from tests.pages.world import TRIAL


async def test_sites_of_both_roles_are_seen_and_only_the_investigators_is_signed_for(
    signin: Signin,
) -> None:
    account, _ = await signin.desk.open_account("system", "both", "Both", password=False)
    await signin.desk.grant("system", account.account_id, "site", TRIAL, ("S1",))
    await signin.desk.grant("system", account.account_id, "investigator", TRIAL, ("S2",))
    found = signin.desk.account(account.account_id)

    staff = found.actor(TRIAL, "site", "investigator")
    assert staff is not None
    assert (staff.role, staff.sites) == ("site", ("S1", "S2"))
    anyhow = found.actor(TRIAL)
    assert anyhow is not None
    assert anyhow.sites == ("S1", "S2")
    signs = found.actor(TRIAL, "investigator")
    assert signs is not None
    assert (signs.role, signs.sites) == ("investigator", ("S2",))
    only_staff = found.actor(TRIAL, "site")
    assert only_staff is not None
    assert only_staff.sites == ("S1",)
    assert found.actor(TRIAL, "coordinator") is None
