// The page: what is known, what is shown, and how changes arrive.
import { blocks } from "./blocks.js";
import { composer } from "./composer.js";
import { avatar, day, messageNode } from "./messages.js";
import { icon } from "./icons.js";
import { ask, askText, notice, showView } from "./modal.js";
import { node, unescaped } from "./text.js";

const byId = (id) => document.getElementById(id);
const FOLLOWING_S = 300;
const known = { me: sessionStorage.getItem("me") ?? "", users: new Map(), channels: new Map(), sessions: new Map(), statuses: new Map(), ephemerals: [], home: null, view: null };
const looking = { channel: "", thread: "", tab: "messages" };
const unread = new Map();

// What is known -----------------------------------------------------------

const names = {
  get me() { return known.me; },
  user: (id) => known.users.get(id)?.profile.display_name ?? id,
  channel: (id) => known.channels.get(id)?.name ?? id,
};
const channel = () => known.channels.get(looking.channel);
const title = (item) => (item.kind === "im" ? names.user(known.bot) : item.name);
const sorted = (list) => list.sort((a, b) => (a.ts < b.ts ? -1 : 1));
const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;
const everything = (item) => [...item.messages.values(), ...known.ephemerals.filter((message) => message.channel === item.id)];
const roots = (item) => sorted(everything(item).filter((message) => !isReply(message) || message.subtype === "thread_broadcast"));
const answers = (list) => list.filter((message) => !message.is_ephemeral);
const repliesOf = (item, ts) => sorted(everything(item).filter((message) => isReply(message) && message.thread_ts === ts));

async function act(body) {
  try {
    const answer = await fetch("/page/act", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user: known.me, ...body }) });
    const result = await answer.json();
    if (!result.ok) notice(`That did not work: ${result.error}`);
    return result;
  } catch {
    notice("The workspace does not answer. Is it still running?");
    return { ok: false };
  }
}

async function upload(file) {
  const query = new URLSearchParams({ user: known.me, name: file.name });
  const answer = await fetch(`/page/upload?${query}`, { method: "POST", body: file });
  const result = await answer.json();
  if (result.ok) return result.file.id;
  notice(file.size ? `${file.name}: ${result.error}` : `${file.name} is empty; an empty file cannot be sent.`);
  throw new Error(result.error);
}

// Messages ----------------------------------------------------------------

const actions = {
  names,
  me: () => known.me,
  user: (id) => known.users.get(id),
  surface: (message) => ({
    names,
    people: () => [...known.users.values()].filter((user) => !user.is_bot),
    ask: (confirm) => ask(confirm, names),
    press: (element, block, chosen) => act({ kind: "press", channel: looking.channel, ts: message.ts, action_id: element.action_id, chosen }),
  }),
  react: (message, name) => act({ kind: "react", channel: looking.channel, ts: message.ts, name }),
  openThread: (message) => openThread(message.thread_ts ?? message.ts),
  edit: async (message) => {
    const text = await askText("Edit message", unescaped(message.text.replace(/<@(\w+)>/g, (_, id) => `@${names.user(id)}`).replace(/<(https?:[^>|]+)>/g, "$1")));
    if (text?.trim()) act({ kind: "edit", channel: looking.channel, ts: message.ts, text });
  },
  remove: (message) => act({ kind: "delete", channel: looking.channel, ts: message.ts }),
};

function isFollowing(before, message) {
  return before && before.user === message.user && !before.is_ephemeral && !message.is_ephemeral && !repliesOf(channel(), before.ts).length
    && Number(message.ts) - Number(before.ts) < FOLLOWING_S && day(before.ts) === day(message.ts);
}

// Only what changed is built again: an open menu or a half-read table stays.
function fill(box, messages, isInThread) {
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const old = new Map([...box.children].map((child) => [child.dataset.key, child]));
  const wanted = [];
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    if (!isInThread && (!before || day(before.ts) !== day(message.ts))) wanted.push(kept(old, `day${day(message.ts)}`, day(message.ts), () => node("div", { class: "day" }, node("span", {}, day(message.ts)))));
    if (isInThread && index === 1) wanted.push(counted(old, answers(messages).length - 1));
    const options = { replies: isInThread ? [] : answers(repliesOf(channel(), message.ts)), isFollowing: isInThread ? index > 1 && isFollowing(before, message) : isFollowing(before, message), isInThread };
    const version = JSON.stringify([message, options.isFollowing, options.replies.map((reply) => reply.ts)]);
    wanted.push(kept(old, message.ts, version, () => messageNode(message, actions, options)));
  });
  if (wanted.length !== box.children.length || wanted.some((item, index) => item !== box.children[index])) box.replaceChildren(...wanted);
  if (isAtEnd) toEnd(box);
  for (const picture of box.querySelectorAll("img")) {
    if (!picture.complete) picture.addEventListener("load", () => isAtEnd && !pointed(box) && toEnd(box), { once: true });
  }
}

const counted = (old, count) =>
  kept(old, "count", String(count), () => node("div", { class: "count" }, node("span", {}, `${count} ${count === 1 ? "reply" : "replies"}`)));

function kept(old, key, version, make) {
  const found = old.get(key);
  if (found && found.version === version) return found;
  const made = make();
  made.dataset.key = key;
  made.version = version;
  return made;
}

// The message that a link leads to: shown in the middle, and marked.
const pointed = (box) => box.querySelector(".message.linked");

function pointAt(ts) {
  const message = ts ? byId("replies").querySelector(`[data-ts="${ts}"]`) : null;
  message?.classList.add("linked");
  message?.scrollIntoView({ block: "center" });
}

const toEnd = (box) => { box.scrollTop = box.scrollHeight; };

// Parts of the page -------------------------------------------------------

function drawSidebar() {
  const item = (found) => {
    const count = unread.get(found.id) ?? 0;
    const mark = found.kind === "im" ? "●" : found.kind === "group" ? icon("lock") : "#";
    return node("button", { type: "button", class: `entry${found.id === looking.channel ? " here" : ""}${count ? " unread" : ""}${found.is_archived ? " archived" : ""}`, "data-channel": found.id, onclick: () => openChannel(found.id) },
      node("span", { class: "mark" }, mark), title(found), count ? node("span", { class: "badge" }, String(count)) : null);
  };
  const all = [...known.channels.values()];
  byId("channels").replaceChildren(
    node("div", { class: "group" }, "Channels"), ...all.filter((found) => found.kind !== "im" && !found.is_archived).map(item),
    node("div", { class: "group" }, "Apps"), ...all.filter((found) => found.kind === "im" && found.members.includes(known.me)).map(item));
  byId("acting").replaceChildren(...[...known.users.values()].filter((user) => !user.is_bot).map((user) =>
    node("option", { value: user.id, selected: user.id === known.me }, user.real_name)));
}

function drawChannel() {
  const found = channel();
  if (!found) return;
  byId("channel-name").textContent = found.kind === "im" ? title(found) : `# ${title(found)}`;
  byId("channel-topic").textContent = found.kind === "im" ? "Direct messages with the app" : found.topic;
  document.title = `${title(found)} · Local Lab`;
  drawTabs(found);
  byId("composer").hidden = looking.tab === "home" || !found.is_member;
  if (looking.tab === "home") return drawHome();
  if (!found.is_member) return byId("messages").replaceChildren(empty("You are not in this channel."));
  const messages = roots(found);
  if (!messages.length) byId("messages").replaceChildren(welcome(found));
  else fill(byId("messages"), messages, false);
}

function drawTabs(found) {
  const tabs = byId("tabs");
  tabs.hidden = found.kind !== "im";
  tabs.replaceChildren(...["home", "messages"].map((tab) =>
    node("button", { type: "button", class: looking.tab === tab ? "here" : "", onclick: () => openTab(tab) }, tab === "home" ? "Home" : "Messages")));
}

function drawHome() {
  const view = known.home;
  const surface = { ...actions.surface({}), press: (element, block, chosen) => act({ kind: "press", view_id: view.id, action_id: element.action_id, chosen }) };
  const content = view ? blocks(view.blocks, surface) : [empty("The app shows nothing here yet.")];
  byId("messages").replaceChildren(node("div", { class: "home" }, ...content));
}

const empty = (text) => node("div", { class: "empty" }, text);

function welcome(found) {
  const bot = names.user(known.bot);
  if (!found.members.includes(known.bot)) return empty(`${bot} is not in this channel: a mention here reaches nobody.`);
  const start = found.kind === "im" ? "Ask a question" : `Mention @${bot} with a question`;
  return node("div", { class: "empty" }, avatar(known.users.get(known.bot)), node("strong", {}, "No messages yet"),
    node("p", {}, `${start} about recommender systems and attach a dataset, for example:`),
    node("p", { class: "example" }, "“How much does NDCG@10 vary if only the training seed changes? ImplicitMF, 30 seeds.”"));
}

function drawThread() {
  const box = byId("thread");
  const root = channel()?.messages.get(looking.thread);
  box.hidden = !root;
  byId("app").classList.toggle("has-thread", Boolean(root));
  if (!root) return;
  byId("thread-place").textContent = channel().kind === "im" ? title(channel()) : `# ${title(channel())}`;
  fill(byId("replies"), [root, ...repliesOf(channel(), root.ts)], true);
  drawSession();
}

const STATES = { processing: "working", suspended: "waiting for an answer", active: "ready for questions" };

function drawSession() {
  const key = `${looking.channel}:${looking.thread}`;
  const session = known.sessions.get(key);
  const box = byId("session");
  box.hidden = !session || !(session.status in STATES);
  box.className = `session ${session?.status ?? ""}`;
  if (!box.hidden) {
    box.replaceChildren(node("span", { class: "dot" }), node("span", { class: "session-text" }, STATES[session.status]),
      session.status === "processing" ? node("button", { type: "button", "data-stop": "", onclick: () => act({ kind: "stop", channel: looking.channel, thread_ts: looking.thread }) }, "Stop") : "");
  }
  const status = known.statuses.get(key);
  byId("status").hidden = !status;
  byId("status").textContent = status ? `${names.user(known.bot)} ${status}` : "";
}

function drawComposers() {
  const people = () => {
    const all = [...known.users.values()].filter((user) => user.id !== known.me);
    return all.sort((a, b) => Number(b.is_bot) - Number(a.is_bot));
  };
  const sender = (thread) => async (text, files) => {
    const result = await act({ kind: "post", channel: looking.channel, text, files, thread_ts: thread ? looking.thread : "" });
    if (!result.ok) throw new Error(result.error);
    toEnd(byId(thread ? "replies" : "messages"));
  };
  const place = channel()?.kind === "im" ? title(channel()) : `#${title(channel() ?? { name: "" })}`;
  byId("composer").replaceChildren(composer({ placeholder: `Message ${place}`, label: "Message", people, upload, send: sender(false) }));
  byId("thread-composer").replaceChildren(composer({ placeholder: "Reply…", label: "Reply", people, upload, send: sender(true) }));
}

// Moving about ------------------------------------------------------------

function openChannel(id) {
  Object.assign(looking, { channel: id, thread: "", tab: "messages" });
  unread.delete(id);
  byId("messages").replaceChildren();
  show("channel");
  drawSidebar();
  drawComposers();
  drawChannel();
  drawThread();
  toEnd(byId("messages"));
  if (channel().kind === "im") act({ kind: "home", tab: "messages" });
}

function openTab(tab) {
  looking.tab = tab;
  byId("messages").replaceChildren();
  if (tab === "home") act({ kind: "home", tab });
  drawChannel();
}

function openThread(ts) {
  looking.thread = ts;
  byId("replies").replaceChildren();
  drawThread();
  toEnd(byId("replies"));
  show("thread");
  byId("thread-composer").querySelector("textarea")?.focus();
}

const show = (pane) => { byId("app").dataset.pane = pane; };

function closeThread() {
  looking.thread = "";
  drawThread();
  show("channel");
}

byId("close-thread").append(icon("close"));
for (const button of document.querySelectorAll(".back")) button.append(icon("back"));
byId("close-thread").onclick = closeThread;
byId("to-channel").onclick = closeThread;
byId("to-channels").onclick = () => show("sidebar");
byId("acting").onchange = (event) => {
  sessionStorage.setItem("me", event.target.value);
  known.me = event.target.value;
  socket.close();
};

// Changes -----------------------------------------------------------------

const viewSurface = () => ({
  ...actions.surface({}),
  press: (element, block, chosen) => act({ kind: "press", view_id: known.view.id, action_id: element.action_id, chosen }),
});
const drawView = (errors) => showView(known.view, errors, viewSurface(), act);

const CHANGES = {
  state(body) {
    Object.assign(known, { me: body.user, bot: body.bot, home: body.home, view: body.view, ephemerals: body.ephemerals });
    known.users = new Map(body.users.map((user) => [user.id, user]));
    known.channels = new Map(body.channels.map((item) => [item.id, { ...item, messages: new Map(item.messages.map((message) => [message.ts, message])) }]));
    known.sessions = new Map(body.sessions.map((session) => [`${session.channel}:${session.thread_ts}`, session]));
    known.statuses = new Map(body.statuses.map((item) => [`${item.channel}:${item.thread_ts}`, item.status]));
    byId("app").classList.add("ready");
    const link = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(location.pathname);
    const first = known.channels.get(looking.channel) ?? known.channels.get(link?.[1]) ?? [...known.channels.values()][0];
    const linked = link && !looking.thread ? `${link[2]}.${link[3]}` : "";
    const thread = looking.thread || (link ? new URLSearchParams(location.search).get("thread_ts") ?? `${link[2]}.${link[3]}` : "");
    openChannel(first.id);
    if (first.messages.has(thread)) openThread(thread);
    pointAt(linked);
    drawView();
  },
  message(body) {
    const found = known.channels.get(body.channel);
    if (!found) return reconnect();
    if (body.message.is_ephemeral) known.ephemerals.push(body.message);
    else {
      const isNew = !found.messages.has(body.message.ts);
      found.messages.set(body.message.ts, body.message);
      if (isNew && body.channel !== looking.channel && body.message.user !== known.me) unread.set(body.channel, (unread.get(body.channel) ?? 0) + 1);
    }
    if (body.channel === looking.channel) { drawChannel(); drawThread(); } else drawSidebar();
    return null;
  },
  deleted(body) {
    known.ephemerals = known.ephemerals.filter((message) => message.ts !== body.ts);
    known.channels.get(body.channel)?.messages.delete(body.ts);
    drawChannel();
    drawThread();
  },
  session(body) { known.sessions.set(`${body.channel}:${body.thread_ts}`, body); drawThread(); },
  status(body) { known.statuses.set(`${body.channel}:${body.thread_ts}`, body.status); drawThread(); },
  view(body) { known.view = body.view; drawView(body.errors); },
  home(body) { known.home = body.view; if (looking.tab === "home") drawChannel(); },
  notice(body) { notice(body.text); },
  prompts() {},
  reload() { reconnect(); },
};

let socket;
const reconnect = () => socket.close();

function connect() {
  socket = new WebSocket(`ws://${location.host}/page/live?user=${encodeURIComponent(known.me)}`);
  socket.onmessage = (event) => { const body = JSON.parse(event.data); CHANGES[body.kind]?.(body); };
  socket.onopen = () => byId("app").classList.remove("offline");
  socket.onclose = () => { byId("app").classList.add("offline"); setTimeout(connect, 400); };
}

connect();
