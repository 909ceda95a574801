"""All writes about people, devices and tokens."""

from senyum.people.commands.accounts import (
    add_person,
    change_person,
    disable_person,
    enable_person,
    give_role,
    note_own_password,
    remove_factors,
    reset_access,
    take_role,
)
from senyum.people.commands.devices import (
    create_token,
    end_pairings,
    end_unused_pairings,
    note_device_seen,
    put_device,
    revoke_token,
    set_device_pin,
    set_device_state,
)
from senyum.people.commands.logins import (
    end_other_logins,
    forget_login,
    forget_logins,
    note_login,
    touch_login,
)
from senyum.people.commands.users import deactivate_user, grant_role, put_user

__all__ = [
    "add_person",
    "change_person",
    "create_token",
    "deactivate_user",
    "disable_person",
    "enable_person",
    "end_other_logins",
    "end_pairings",
    "end_unused_pairings",
    "forget_login",
    "forget_logins",
    "give_role",
    "grant_role",
    "note_device_seen",
    "note_login",
    "note_own_password",
    "put_device",
    "put_user",
    "remove_factors",
    "reset_access",
    "revoke_token",
    "set_device_pin",
    "set_device_state",
    "take_role",
    "touch_login",
]
