"""`files.*`: the three-step upload, reading and deleting."""

from __future__ import annotations

from bot.workspace.call import ApiCall, Method
from bot.workspace.errors import ApiError
from bot.workspace.filestore import SharedFiles
from bot.workspace.limits import accept_blocks
from bot.workspace.rules import Json
from bot.workspace.state import Channel, StoredFile


def file_methods(store: SharedFiles) -> dict[str, Method]:
    """Return the methods that take files in and show them."""

    def upload_url(call: ApiCall) -> Json:
        name, length = call.needed("filename"), call.number("length", 0)
        url, stored = store.issue(call.caller.user, name, length)
        return {"upload_url": url, "file_id": stored.info["id"]}

    def complete(call: ApiCall) -> Json:
        wanted = call.args.get("files")
        if not isinstance(wanted, list) or not wanted:
            raise ApiError("missing_argument")
        channel = _destination(call)
        fields = _comment(call, channel)
        files = [store.complete(str(item["id"]), str(item.get("title") or "")) for item in wanted]
        if channel is not None:
            _share_soon(call, store, files, (channel, fields))
        return {"files": [file.info for file in files]}

    def info(call: ApiCall) -> Json:
        stored = call.state.file(call.needed("file"))
        return {"file": stored.info, "comments": [], "response_metadata": {"next_cursor": ""}}

    def delete(call: ApiCall) -> Json:
        stored = call.state.file(call.needed("file"))
        if stored.info["user"] != call.caller.user:
            raise ApiError("cant_delete_file")
        store.delete(stored)
        return {}

    return {
        "files.getUploadURLExternal": Method(upload_url, 4, ("files:write",)),
        "files.completeUploadExternal": Method(complete, 4, ("files:write",)),
        "files.info": Method(info, 4, ("files:read",)),
        "files.delete": Method(delete, 3, ("files:write",)),
    }


def _destination(call: ApiCall) -> Channel | None:
    """Return where uploaded files go, if anywhere."""
    names = [call.text("channel_id")] if call.text("channel_id") else call.words("channels")
    if not names:
        return None
    if len(names) > 1 and call.text("thread_ts"):
        raise ApiError("invalid_arguments")
    channel = call.state.channels.get(names[0])
    if channel is None:
        raise ApiError("channel_not_found")
    if not call.is_member(channel):
        raise ApiError("not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    return channel


def _comment(call: ApiCall, channel: Channel | None) -> Json:
    """Return what the message that carries the files says."""
    fields: Json = {"text": call.text("initial_comment")}
    if call.args.get("blocks") and not fields["text"]:
        fields["blocks"] = accept_blocks(call.args["blocks"])
        if any(block["type"] == "markdown" for block in fields["blocks"]):
            raise ApiError("internal_error")
    if call.text("thread_ts") and channel is not None:
        call.team.root(channel, call.text("thread_ts"))
        fields["thread_ts"] = call.text("thread_ts")
    return fields


def _share_soon(
    call: ApiCall, store: SharedFiles, files: list[StoredFile], where: tuple[Channel, Json]
) -> None:
    """Share files at once, or later where the fault switch says so."""
    team, (channel, fields) = call.team, where
    if not team.faults.shares_after_s:
        store.share(files, channel, call.caller.user, fields)
        return

    async def later() -> None:
        await team.clock.sleep(team.faults.shares_after_s)
        store.share(files, channel, call.caller.user, fields)

    team.socket.background(later())
