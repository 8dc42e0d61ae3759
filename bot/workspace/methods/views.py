"""`views.*`: modals and the home tab."""

from __future__ import annotations

from bot.workspace.call import ApiCall, Method
from bot.workspace.modals import Modals
from bot.workspace.rules import Json


def view_methods(modals: Modals) -> dict[str, Method]:
    """Return the methods that open and change views."""

    def open_view(call: ApiCall) -> Json:
        return {"view": modals.open(call.needed("trigger_id"), call.args.get("view"))}

    def push(call: ApiCall) -> Json:
        trigger = call.needed("trigger_id")
        return {"view": modals.open(trigger, call.args.get("view"), is_push=True)}

    def update(call: ApiCall) -> Json:
        view_id = modals.view(call.needed("view_id", "external_id"))["id"]
        return {"view": modals.update(view_id, call.args.get("view"), call.text("hash"))}

    def publish(call: ApiCall) -> Json:
        return {"view": modals.publish(call.needed("user_id"), call.args.get("view"))}

    return {
        "views.open": Method(open_view, 4, kinds=("bot",)),
        "views.push": Method(push, 4, kinds=("bot",)),
        "views.update": Method(update, 4, kinds=("bot",)),
        "views.publish": Method(publish, 4, kinds=("bot",)),
    }
