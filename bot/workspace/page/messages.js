// One message as a node: author, text or blocks, files, reactions, its thread's link.
import { blocks, fileAddress } from "./blocks.js";
import { hasEmojiFont, icon } from "./icons.js";
import { node, mrkdwn, emoji, REACTIONS } from "./text.js";

const PREVIEW_LINES = 10;
const ICONS = { zip: "archive", python: "code", json: "code", html: "code", csv: "table", tsv: "table" };

export const clock = (ts) =>
  new Date(Number(ts) * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

export function day(ts) {
  const at = new Date(Number(ts) * 1000);
  if (at.toDateString() === new Date().toDateString()) return "Today";
  return at.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
}

function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

export function avatar(user) {
  if (user?.is_bot) return node("div", { class: "avatar bot", "aria-hidden": "true" }, icon("bot"));
  const name = user?.real_name ?? "?";
  let hue = 0;
  for (const letter of user?.id ?? "") hue = (hue * 31 + letter.charCodeAt(0)) % 360;
  const made = node("div", { class: "avatar", "aria-hidden": "true" }, name[0]);
  made.style.setProperty("--hue", hue);
  return made;
}

function head(file) {
  return node("div", { class: "file-head" },
    node("span", { class: `file-icon ${file.filetype}`, "aria-hidden": "true" }, icon(ICONS[file.filetype] ?? "document")),
    node("span", { class: "file-names" },
      node("span", { class: "file-title" }, file.title || file.name),
      node("span", { class: "file-note" }, `${file.pretty_type} · ${bytes(file.size)}`)),
    node("a", { class: "download", href: `${fileAddress(file.id)}?save=1`, download: file.name, "aria-label": `Download ${file.name}` }, icon("download")));
}

function snippet(file) {
  const text = node("pre", { class: "snippet" }, "…");
  const more = node("button", { type: "button", class: "more", hidden: true }, "Show more");
  fetch(`/page/preview/${file.id}`).then((answer) => answer.text()).then((content) => {
    const lines = content.split("\n");
    const short = lines.slice(0, PREVIEW_LINES).join("\n");
    text.textContent = short;
    more.hidden = lines.length <= PREVIEW_LINES;
    more.onclick = () => {
      const isShort = more.textContent === "Show more";
      text.textContent = isShort ? content : short;
      more.textContent = isShort ? "Show less" : "Show more";
    };
  }).catch(() => text.remove());
  return node("div", { class: "snippet-box" }, text, more);
}

const kept = new Map();

function file(info) {
  if (info.mode === "tombstone") return node("div", { class: "file gone" }, "This file was deleted.");
  if (info.mimetype?.startsWith("image/") && info.thumb_360) {
    const picture = node("img", { src: fileAddress(info.id), alt: info.alt_txt || info.title, loading: "lazy" });
    const name = node("div", { class: "image-title" }, info.title || info.name,
      node("a", { class: "download", href: `${fileAddress(info.id)}?save=1`, download: info.name, "aria-label": `Download ${info.name}` }, icon("download")));
    return node("figure", { class: "picture" }, name, node("a", { href: fileAddress(info.id), target: "_blank" }, picture));
  }
  if (!kept.has(info.id)) {
    kept.set(info.id, node("div", { class: "file", "data-file": info.id }, head(info), info.mode === "snippet" ? snippet(info) : null));
  }
  return kept.get(info.id).isConnected ? kept.get(info.id).cloneNode(true) : kept.get(info.id);
}

function files(message) {
  if (!message.files?.length) return null;
  const pictures = message.files.filter((info) => info.thumb_360);
  const rest = message.files.filter((info) => !info.thumb_360);
  return node("div", { class: "files" },
    pictures.length ? node("div", { class: "pictures" }, ...pictures.map(file)) : null, ...rest.map(file));
}

function reactions(message, actions, me) {
  if (!message.reactions?.length) return null;
  return node("div", { class: "reactions" }, ...message.reactions.map((item) =>
    node("button", { type: "button", class: item.users.includes(me) ? "mine" : "", title: item.users.map(actions.names.user).join(", "),
      onclick: () => actions.react(message, item.name) }, `${emoji(item.name)} ${item.count}`)));
}

function tools(message, actions) {
  const own = message.user === actions.me();
  const quick = (hasEmojiFont ? REACTIONS.slice(0, 3) : []).map((name) =>
    node("button", { type: "button", "aria-label": `React with ${name}`, onclick: () => actions.react(message, name) }, emoji(name)));
  return node("div", { class: "tools" }, ...quick,
    node("button", { type: "button", "aria-label": "Reply in thread", onclick: () => actions.openThread(message) }, icon("reply")),
    own ? node("button", { type: "button", "aria-label": "Edit", onclick: () => actions.edit(message) }, icon("edit")) : null,
    own ? node("button", { type: "button", "aria-label": "Delete", onclick: () => actions.remove(message) }, icon("trash")) : null);
}

function content(message, actions) {
  const surface = actions.surface(message);
  const isTyped = !actions.user(message.user)?.is_bot && message.blocks?.every((block) => block.type === "rich_text");
  if (isTyped && message.text) return [mrkdwn(message.text, actions.names)];
  const hasOwnLook = message.blocks?.length && !(message.files?.length && !message.text);
  return hasOwnLook ? blocks(message.blocks, surface) : [message.text ? mrkdwn(message.text, actions.names) : null];
}

export function messageNode(message, actions, { replies = [], isFollowing = false, isInThread = false } = {}) {
  const user = actions.user(message.user);
  const isBot = user?.is_bot;
  const name = node("div", { class: "by" }, node("strong", {}, user?.profile.display_name ?? message.user),
    isBot ? node("span", { class: "app-tag" }, "APP") : null,
    node("time", { title: day(message.ts) }, clock(message.ts)),
    message.is_ephemeral ? node("span", { class: "only" }, "Only visible to you") : null);
  const edited = message.edited && !isBot ? node("span", { class: "edited" }, "(edited)") : null;
  const thread = !isInThread && replies.length ? node("button", { type: "button", class: "thread-link", onclick: () => actions.openThread(message) },
    ...[...new Set(replies.map((reply) => reply.user))].slice(0, 3).map((id) => avatar(actions.user(id))),
    node("span", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    node("small", {}, `last ${clock(replies.at(-1).ts)}`)) : null;
  return node("article", { class: `message${isFollowing ? " following" : ""}${message.is_ephemeral ? " ephemeral" : ""}`, "data-ts": message.ts },
    node("div", { class: "side" }, isFollowing ? node("time", {}, clock(message.ts)) : avatar(user)),
    node("div", { class: "body" }, isFollowing ? null : name, ...content(message, actions), edited,
      files(message), reactions(message, actions, actions.me()), thread),
    message.is_ephemeral ? null : tools(message, actions));
}
