"""`agents.sessions.*` and `assistant.threads.*`: what a thread says the bot is doing."""

from __future__ import annotations

from bot.workspace.call import ApiCall, Method
from bot.workspace.errors import ApiError
from bot.workspace.rules import Json
from bot.workspace.state import Session

STATUSES = frozenset({"processing", "active", "suspended", "closed"})
STOP_EVENT = "agent_session_stopped"


def set_session(call: ApiCall) -> Json:
    """Set the status of an agent's session."""
    channel, thread_ts = _thread(call)
    status, title = call.needed("status"), call.text("title")
    if status not in STATUSES or len(title) > 200:
        raise ApiError("invalid_arguments")
    key = _session_key(channel, thread_ts)
    session = call.state.sessions.setdefault(key, Session(title=title))
    session.status = status
    _publish(call, channel, thread_ts)
    if STOP_EVENT not in call.team.rules.subscriptions:
        call.warnings.append("missing_agent_session_stopped_event_subscription")
    return {"status": status, "agent_status": status, "title": session.title}


def rename_session(call: ApiCall) -> Json:
    """Rename an agent's session."""
    channel, thread_ts = _thread(call)
    title = call.needed("title")
    if len(title) > 200:
        raise ApiError("invalid_arguments")
    session = call.state.sessions.get(_session_key(channel, thread_ts))
    if session is None:
        raise ApiError("session_not_found")
    session.title = title
    _publish(call, channel, thread_ts)
    return {"title": title}


def set_status(call: ApiCall) -> Json:
    """Show a short line such as "is reading your message"."""
    channel, thread_ts = _thread(call)
    loading = call.args.get("loading_messages")
    if isinstance(loading, list) and len(loading) > 10:
        raise ApiError("invalid_arguments")
    team, status = call.team, call.text("status")
    team.set_status(channel, thread_ts, status)
    mine = team.statuses.get((channel, thread_ts))

    async def expire() -> None:
        await team.clock.sleep(team.rules.status_s)
        if team.statuses.get((channel, thread_ts)) is mine:
            team.set_status(channel, thread_ts, "")

    if status:
        team.socket.background(expire())
    return {}


def set_title(call: ApiCall) -> Json:
    """Name a direct conversation."""
    _thread(call)
    call.needed("title")
    return {}


def set_prompts(call: ApiCall) -> Json:
    """Offer texts to begin with in a direct conversation."""
    channel = call.channel("channel_id")
    prompts = call.args.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise ApiError("invalid_arguments")
    body = {"channel": channel.id, "title": call.text("title"), "prompts": prompts}
    call.state.prompts[channel.id] = body
    call.team.hub.publish("prompts", body)
    return {}


def _session_key(channel: str, thread_ts: str) -> str:
    """Return the key of a thread's session."""
    return f"{channel}:{thread_ts}"


def _thread(call: ApiCall) -> tuple[str, str]:
    channel = call.channel("channel_id")
    thread_ts = call.needed("thread_ts")
    call.team.root(channel, thread_ts)
    return channel.id, thread_ts


def _publish(call: ApiCall, channel: str, thread_ts: str) -> Session:
    session = call.state.sessions[_session_key(channel, thread_ts)]
    body = {"channel": channel, "thread_ts": thread_ts}
    body |= {"status": session.status, "title": session.title}
    call.team.hub.publish("session", body)
    call.team.journal.notify()
    return session


METHODS = {
    "agents.sessions.setStatus": Method(set_session, 3, ("chat:write",)),
    "agents.sessions.rename": Method(rename_session, 3, ("chat:write",)),
    "assistant.threads.setStatus": Method(set_status, 0, ("chat:write",)),
    "assistant.threads.setTitle": Method(set_title, 4, ("assistant:write",)),
    "assistant.threads.setSuggestedPrompts": Method(set_prompts, 4, ("assistant:write",)),
}
