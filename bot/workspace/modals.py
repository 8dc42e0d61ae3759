"""Modals and home views: their lives from opening to submission."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from bot.workspace.errors import ApiError
from bot.workspace.limits import accept_view, with_ids
from bot.workspace.rules import Json
from bot.workspace.state import APP, BOT, TEAM
from bot.workspace.team import Team
from bot.workspace.triggers import Triggers

MOST_STACKED = 3


@dataclass(frozen=True, slots=True)
class Modals:
    """Opens, changes and closes views, and shows them on the page."""

    team: Team
    triggers: Triggers

    def open(self, trigger_id: str, value: object, *, is_push: bool = False) -> Json:
        """Open a modal for whoever pressed, alone or above the one it was pressed in."""
        view = accept_view(value)
        if view["type"] != "modal":
            raise ApiError("invalid_arguments")
        trigger = self.triggers.use(trigger_id)
        stack = self.team.state.stacks.setdefault(trigger.user, [])
        if is_push and len(stack) >= MOST_STACKED:
            raise ApiError("push_limit_reached")
        if not is_push:
            self.forget(trigger.user)
            stack = self.team.state.stacks.setdefault(trigger.user, [])
        return self.push(trigger.user, view, stack)

    def push(self, user: str, view: Json, stack: list[str]) -> Json:
        """Put a checked view on top of a user's stack."""
        view_id = self.team.state.next_id("V")
        root = stack[0] if stack else view_id
        known = {"root_view_id": root, "previous_view_id": stack[-1] if stack else None}
        made = self._made(view_id, view, user) | known
        self.team.state.views[view_id] = made
        stack.append(view_id)
        self.show(user)
        return made

    def update(self, view_id: str, value: object, given_hash: str = "") -> Json:
        """Change a view that is open."""
        view = accept_view(value)
        before = self.view(view_id)
        if given_hash and given_hash != before["hash"]:
            raise ApiError("hash_conflict")
        user = self.owner(view_id)
        kept = {key: before[key] for key in ("root_view_id", "previous_view_id", "state")}
        self.team.state.views[view_id] = self._made(view_id, view, user) | kept
        self.show(user)
        return self.team.state.views[view_id]

    def view(self, view_id: str) -> Json:
        """Return an open view, by id or external id."""
        views = self.team.state.views
        found = views.get(view_id)
        for view in views.values():
            if view_id and view["external_id"] == view_id:
                found = view
        if found is None:
            raise ApiError("not_found")
        return found

    def owner(self, view_id: str) -> str:
        """Return whose view it is."""
        for user, stack in self.team.state.stacks.items():
            if view_id in stack:
                return user
        raise ApiError("not_found")

    def publish(self, user: str, value: object) -> Json:
        """Set the home tab of a user."""
        view = accept_view(value)
        if view["type"] != "home":
            raise ApiError("invalid_arguments")
        self.team.state.user(user)
        made = self._made(self.team.state.next_id("V"), view, user)
        self.team.state.homes[user] = made
        self.team.hub.publish("home", {"view": made}, [user])
        self.team.journal.notify()
        return made

    def top(self, user: str) -> Json | None:
        """Return the modal a user looks at."""
        stack = self.team.state.stacks.get(user)
        return self.team.state.views[stack[-1]] if stack else None

    def close(self, user: str) -> None:
        """Close the modal on top."""
        stack = self.team.state.stacks.get(user)
        if stack:
            self.team.state.views.pop(stack.pop(), None)
        self.show(user)

    def forget(self, user: str) -> None:
        """Close all modals of a user."""
        for view_id in self.team.state.stacks.pop(user, []):
            self.team.state.views.pop(view_id, None)
        self.show(user)

    def show(self, user: str, errors: Json | None = None) -> None:
        """Tell the user's page which modal is on top."""
        self.team.hub.publish("view", {"view": self.top(user), "errors": errors or {}}, [user])
        self.team.journal.notify()

    def _made(self, view_id: str, value: Json, user: str) -> Json:
        view = {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "state": {"values": {}},
            "clear_on_close": False,
            "notify_on_close": False,
            "close": None,
            "submit": None,
            "previous_view_id": None,
            "root_view_id": view_id,
            **value,
            "id": view_id,
            "team_id": TEAM,
            "app_id": APP,
            "app_installed_team_id": TEAM,
            "bot_id": BOT,
        }
        view["blocks"] = with_ids(view["blocks"])
        content = json.dumps([view_id, user, view["blocks"], self.team.clock.ts()])
        view["hash"] = (
            f"{self.team.clock.wall()}.{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        )
        return view
