// Texts as they are shown: mrkdwn, Markdown, rich text, emoji, dates. Builds nodes, never HTML.
import { hasEmojiFont } from "./icons.js";

const EMOJI = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", eyes: "👀", tada: "🎉", rocket: "🚀",
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", warning: "⚠️",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", clock3: "🕒", bar_chart: "📊",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", package: "📦", memo: "📝",
  page_facing_up: "📄", file_folder: "📁", octagonal_sign: "🛑", stop_button: "⏹️", no_entry: "⛔",
  no_entry_sign: "🚫", arrows_counterclockwise: "🔄", repeat: "🔁", bulb: "💡", question: "❓",
  grey_question: "❔", information_source: "ℹ️", lock: "🔒", unlock: "🔓", mag: "🔍", heart: "❤️",
  microscope: "🔬", test_tube: "🧪", robot_face: "🤖", bug: "🐛", wrench: "🔧", gear: "⚙️",
  pushpin: "📌", star: "⭐", fire: "🔥", wave: "👋", pray: "🙏", thinking_face: "🤔", smile: "😄",
  raised_hands: "🙌", clap: "👏", point_right: "👉", point_up: "☝️", arrow_right: "➡️", link: "🔗",
  one: "1️⃣", two: "2️⃣", three: "3️⃣", four: "4️⃣", five: "5️⃣", large_green_circle: "🟢",
  large_yellow_circle: "🟡", large_orange_circle: "🟠", red_circle: "🔴", large_blue_circle: "🔵",
  white_circle: "⚪", black_circle: "⚫", checkered_flag: "🏁", scales: "⚖️", abacus: "🧮",
  busts_in_silhouette: "👥", speech_balloon: "💬", bell: "🔔", zap: "⚡", seedling: "🌱", key: "🔑",
  moneybag: "💰", heavy_dollar_sign: "💲", shield: "🛡️", paperclip: "📎", bookmark_tabs: "📑",
};

const NAMES = new Map(Object.entries(EMOJI).reverse().map(([name, sign]) => [sign.replace("\uFE0F", ""), name]));
const SIGNS = new RegExp(`(${[...NAMES.keys()].filter((sign) => sign.codePointAt(0) > 0xffff).join("|")})\uFE0F?`, "gu");
// Without an emoji font an emoji is shown by its name, not as an empty box.
const readable = (text) => (hasEmojiFont ? text : text.replace(SIGNS, (_, sign) => `:${NAMES.get(sign)}:`));
export const emoji = (name) => readable(EMOJI[name.split("::")[0]] ?? `:${name}:`);
export const hasEmoji = (name) => name.split("::")[0] in EMOJI;
export const REACTIONS = ["eyes", "+1", "white_check_mark", "tada", "heart", "question"];

export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const unescaped = (text) =>
  readable(text).replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function safeLink(url, label) {
  const isSafe = /^(https?:|mailto:|\/)/i.test(url);
  if (!isSafe) return document.createTextNode(label);
  return node("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, label);
}

// A date token: <!date^seconds^format^link|fallback>
function date(body, fallback) {
  const [, seconds, format] = body.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return fallback;
  const day = (options) => at.toLocaleDateString("en-GB", options);
  const today = new Date().toDateString() === at.toDateString();
  const long = { day: "numeric", month: "long", year: "numeric" };
  const short = { day: "numeric", month: "short", year: "numeric" };
  const pretty = (options) => (today ? "today" : day(options));
  const parts = {
    date_num: at.toISOString().slice(0, 10), date: day(long), date_long: day({ weekday: "long", ...long }),
    date_short: day(short), date_pretty: pretty(long), date_short_pretty: pretty(short),
    date_long_pretty: pretty({ weekday: "long", ...long }),
    time: at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }),
    time_secs: at.toLocaleTimeString("en-GB"), ago: ago(at),
  };
  return (format ?? "").replace(/\{(\w+)\}/g, (whole, name) => parts[name] ?? whole);
}

function ago(at) {
  const minutes = Math.round((Date.now() - at.getTime()) / 60000);
  if (Math.abs(minutes) < 1) return "just now";
  if (minutes < 0) return `in ${-minutes} min`;
  return minutes < 90 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

function token(body, names) {
  const [target, label] = [body.split("|")[0], body.split("|").slice(1).join("|")];
  if (target.startsWith("@")) {
    const id = target.slice(1);
    const mine = id === names.me ? " me" : "";
    return node("span", { class: `mention${mine}` }, `@${names.user(id)}`);
  }
  if (target.startsWith("#")) return node("span", { class: "mention" }, `#${label || names.channel(target.slice(1))}`);
  if (target.startsWith("!date")) return node("time", {}, date(target, label));
  if (target.startsWith("!")) return node("span", { class: "mention me" }, `@${target.slice(1).split("^")[0]}`);
  return safeLink(unescaped(target), unescaped(label || target.replace(/^mailto:/, "")));
}

const EDGE_BEFORE = "(?<![A-Za-z0-9*_~])";
const EDGE_AFTER = "(?![A-Za-z0-9*_~])";
const SHARED = [
  [/`([^`\n]+)`/, (match) => node("code", {}, unescaped(match[1]))],
  [/<([^<>\n]+)>/, (match, names) => token(match[1], names)],
  [/:([a-z0-9_+-]+):/, (match) => (hasEmoji(match[1]) ? document.createTextNode(emoji(match[1])) : document.createTextNode(match[0]))],
];
const span = (tag) => (match, names, rules) => node(tag, {}, ...inline(match[1], names, rules));
const MRKDWN = [
  ...SHARED,
  [new RegExp(`${EDGE_BEFORE}\\*([^\\s*](?:[^*\\n]*[^\\s*])?)\\*${EDGE_AFTER}`), span("strong")],
  [new RegExp(`${EDGE_BEFORE}_([^\\s_](?:[^_\\n]*[^\\s_])?)_${EDGE_AFTER}`), span("em")],
  [new RegExp(`${EDGE_BEFORE}~([^\\s~](?:[^~\\n]*[^\\s~])?)~${EDGE_AFTER}`), span("s")],
];
const MARKDOWN = [
  ...SHARED,
  [/\*\*(\S(?:.*?\S)?)\*\*/, span("strong")],
  [/~~(\S(?:.*?\S)?)~~/, span("s")],
  [/\[([^\]]+)\]\(([^)\s]+)\)/, (match) => safeLink(match[2], match[1])],
  [new RegExp(`${EDGE_BEFORE}\\*([^\\s*](?:[^*\\n]*[^\\s*])?)\\*${EDGE_AFTER}`), span("em")],
  [new RegExp(`${EDGE_BEFORE}_([^\\s_](?:[^_\\n]*[^\\s_])?)_${EDGE_AFTER}`), span("em")],
];

function inline(text, names, rules) {
  const parts = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const [pattern, make] of rules) {
      const match = pattern.exec(rest);
      if (match && (first === null || match.index < first.match.index)) first = { match, make };
    }
    if (first === null) return [...parts, unescaped(rest)];
    const { match, make } = first;
    if (match.index) parts.push(unescaped(rest.slice(0, match.index)));
    parts.push(make(match, names, rules));
    rest = rest.slice(match.index + match[0].length);
  }
  return parts;
}

function lined(text, names, rules) {
  const parts = [];
  text.split("\n").forEach((line, number) => {
    if (number) parts.push(node("br"));
    parts.push(...inline(line, names, rules));
  });
  return parts;
}

const fenced = (text) => text.split(/```[a-z]*\n?([\s\S]*?)\n?```\n?/);

export function mrkdwn(text, names) {
  const out = node("div", { class: "text" });
  fenced(text ?? "").forEach((part, number) => {
    if (number % 2) return out.append(node("pre", {}, unescaped(part)));
    let quote = null;
    part.replace(/\n$/, "").split("\n").forEach((line, row) => {
      const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
      if (quoted) {
        if (!quote) out.append((quote = node("blockquote")));
        else quote.append(node("br"));
        return quote.append(...inline(quoted[1], names, MRKDWN));
      }
      if (row && !quote) out.append(node("br"));
      quote = null;
      out.append(...inline(line, names, MRKDWN));
    });
  });
  return out;
}

function tableOf(rows, names) {
  const cells = (row) => row.replace(/^\s*\||\|\s*$/g, "").split("|").map((cell) => cell.trim());
  const marks = cells(rows[1]);
  const side = (index) => (/:$/.test(marks[index] ?? "") ? "right" : "");
  const line = (row, tag) =>
    node("tr", {}, ...cells(row).map((cell, index) => node(tag, { class: side(index) }, ...inline(cell, names, MARKDOWN))));
  return node("div", { class: "table-box" }, node("table", {},
    node("thead", {}, line(rows[0], "th")),
    node("tbody", {}, ...rows.slice(2).map((row) => line(row, "td")))));
}

export function markdown(text, names) {
  const out = node("div", { class: "text markdown" });
  fenced(text ?? "").forEach((part, number) => {
    if (number % 2) return out.append(node("pre", {}, part));
    const lines = part.split("\n");
    for (let at = 0; at < lines.length; at += 1) {
      const line = lines[at];
      const heading = /^(#{1,6}) (.*)$/.exec(line);
      const take = (pattern) => {
        const found = [];
        while (at < lines.length && pattern.test(lines[at])) found.push(lines[at++].replace(pattern, ""));
        at -= 1;
        return found;
      };
      const items = (tag, pattern) =>
        out.append(node(tag, {}, ...take(pattern).map((item) => node("li", {}, ...inline(item, names, MARKDOWN)))));
      if (!line.trim()) continue;
      if (heading) out.append(node(`h${Math.min(heading[1].length + 2, 6)}`, {}, ...inline(heading[2], names, MARKDOWN)));
      else if (/^\s*(-{3,}|\*{3,})\s*$/.test(line)) out.append(node("hr"));
      else if (/^\s*\|/.test(line) && /^[\s|:-]+$/.test(lines[at + 1] ?? "x")) {
        const rows = [];
        while (/^\s*\|/.test(lines[at] ?? "")) rows.push(lines[at++]);
        at -= 1;
        out.append(tableOf(rows, names));
      } else if (/^\s*[-*+•] /.test(line)) items("ul", /^\s*[-*+•] /);
      else if (/^\s*\d+[.)] /.test(line)) items("ol", /^\s*\d+[.)] /);
      else if (/^> ?/.test(line)) out.append(node("blockquote", {}, ...lined(take(/^> ?/).join("\n"), names, MARKDOWN)));
      else {
        const block = [];
        while (at < lines.length && lines[at].trim() && !/^(#{1,6} |\s*[-*+•] |\s*\d+[.)] |> |\s*\|)/.test(lines[at])) block.push(lines[at++]);
        if (!block.length) block.push(lines[at++]);
        at -= 1;
        out.append(node("p", {}, ...lined(block.join("\n"), names, MARKDOWN)));
      }
    }
  });
  return out;
}

export function textObject(object, names) {
  if (!object) return node("span");
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return node("span", {}, ...object.text.split(/(:[a-z0-9_+-]+:)/).map((part) => {
    const name = /^:(.+):$/.exec(part);
    return name && object.emoji !== false && hasEmoji(name[1]) ? emoji(name[1]) : part;
  }));
}

function richElement(element, names) {
  const style = element.style ?? {};
  let made;
  if (element.type === "user") made = token(`@${element.user_id}`, names);
  else if (element.type === "link") made = safeLink(element.url, element.text || element.url);
  else if (element.type === "emoji") made = node("span", {}, emoji(element.name));
  else if (element.type === "channel") made = token(`#${element.channel_id}`, names);
  else if (element.type === "broadcast") made = token(`!${element.range}`, names);
  else if (element.type === "date") made = node("time", {}, date(`!date^${element.timestamp}^${element.format}`, element.fallback ?? ""));
  else {
    const lines = (element.text ?? "").split("\n");
    made = node("span", {}, ...lines.flatMap((line, row) => (row ? [node("br"), line] : [line])));
  }
  for (const [key, tag] of [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["code", "code"]]) {
    if (style[key]) made = node(tag, {}, made);
  }
  return made;
}

export function richText(block, names) {
  const inner = (part) => (part.elements ?? []).map((element) => richElement(element, names));
  const parts = (block.elements ?? []).map((part) => {
    if (part.type === "rich_text_list") {
      const tag = part.style === "ordered" ? "ol" : "ul";
      return node(tag, { class: `indent-${part.indent ?? 0}` }, ...part.elements.map((item) => node("li", {}, ...inner(item))));
    }
    if (part.type === "rich_text_preformatted") return node("pre", {}, ...inner(part));
    if (part.type === "rich_text_quote") return node("blockquote", {}, ...inner(part));
    return node("div", {}, ...inner(part));
  });
  return node("div", { class: "text rich" }, ...parts);
}
