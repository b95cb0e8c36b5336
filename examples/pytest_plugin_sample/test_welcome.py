"""A project's own tests, run against a local Leat: `pytest examples/pytest_plugin_sample`."""

import pytest


async def test_visits_arrive(leat_client, leat_sandbox):
    contact = await leat_client.contacts.find_or_create(email="anna@example.com")
    await leat_client.visits.create(contact_uuid=contact.uuid, shop_uuid=leat_sandbox.shops[0]["uuid"])
    assert len(leat_sandbox.rows("visits")) == 1


@pytest.mark.leat_faults("server_error", "contacts.find_one_by", first=2)
async def test_reads_survive_a_bad_moment(leat_client):
    assert (await leat_client.contacts.find_one_by(email="anna@example.com")).uuid
