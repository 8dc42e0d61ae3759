// Block Kit as nodes. A surface tells how to act: press(element, block, chosen), ask(...), names.
import { node, textObject, markdown, richText } from "./text.js";

export const fileAddress = (id) => `/page/file/${id}`;

function imageSource(block) {
  const url = block.slack_file?.url ?? block.image_url ?? "";
  const own = /\/files-pri\/T[^-]+-(F\w+)\//.exec(url);
  if (block.slack_file?.id) return fileAddress(block.slack_file.id);
  return own ? fileAddress(own[1]) : null;
}

function image(block) {
  const source = imageSource(block);
  const title = block.title ? node("div", { class: "image-title" }, block.title.text) : null;
  if (!source) {
    const link = node("a", { href: block.image_url, target: "_blank", rel: "noreferrer noopener" }, block.alt_text || "image");
    return node("div", { class: "block image" }, title, link);
  }
  const picture = node("img", { src: source, alt: block.alt_text, loading: "lazy" });
  return node("figure", { class: "block image" }, title, node("a", { href: source, target: "_blank" }, picture));
}

async function press(surface, element, block, chosen, control) {
  if (element.confirm && !(await surface.ask(element.confirm))) return;
  control.disabled = true;
  control.classList.add("busy");
  await surface.press(element, block, chosen);
  control.disabled = false;
  control.classList.remove("busy");
}

function button(element, block, surface) {
  const made = node("button", {
    type: "button", class: `button ${element.style ?? ""}`, "data-action": element.action_id,
    "aria-label": element.accessibility_label,
    onclick: () => {
      if (element.url) window.open(element.url, "_blank", "noopener,noreferrer");
      press(surface, element, block, null, made);
    },
  }, textObject(element.text, surface.names));
  return made;
}

const optionsOf = (element) =>
  element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);

function select(element, block, surface) {
  const chosen = element.initial_option?.value ?? "";
  const made = node("select", {
    class: "select", "data-action": element.action_id, "aria-label": element.placeholder?.text ?? "Choose",
    onchange: () => press(surface, element, block, made.value, made),
  }, node("option", { value: "", disabled: true, selected: !chosen }, element.placeholder?.text ?? "Choose…"),
  ...optionsOf(element).map((option) => node("option", { value: option.value, selected: option.value === chosen }, option.text.text)));
  return made;
}

function overflow(element, block, surface) {
  const menu = node("details", { class: "overflow" }, node("summary", { "aria-label": "More" }, "⋯"));
  const choices = optionsOf(element).map((option) =>
    node("button", { type: "button", "data-action": element.action_id, "data-value": option.value, onclick: (event) => {
      menu.open = false;
      press(surface, element, block, option.value, event.currentTarget);
    } }, textObject(option.text, surface.names)));
  menu.append(node("div", { class: "menu" }, ...choices));
  return menu;
}

// Fields of forms: each has .read(), the value to submit.
function choices(element, isMany) {
  const start = new Set((element.initial_options ?? (element.initial_option ? [element.initial_option] : [])).map((option) => option.value));
  const group = `g${Math.random().toString(36).slice(2)}`;
  const made = node("div", { class: "choices" }, ...optionsOf(element).map((option) =>
    node("label", {}, node("input", { type: isMany ? "checkbox" : "radio", name: group, value: option.value, checked: start.has(option.value) }),
      node("span", {}, textObject(option.text, { user: String, channel: String }),
        option.description ? node("small", {}, option.description.text) : null))));
  const picked = () => [...made.querySelectorAll("input:checked")].map((input) => input.value);
  made.read = () => (isMany ? picked() : picked()[0] ?? null);
  return made;
}

function field(element, surface) {
  const kind = element.type;
  if (kind === "checkboxes") return choices(element, true);
  if (kind === "radio_buttons") return choices(element, false);
  let made;
  if (kind === "static_select" || kind === "multi_static_select") {
    const start = new Set((element.initial_options ?? (element.initial_option ? [element.initial_option] : [])).map((option) => option.value));
    const isMany = kind.startsWith("multi");
    made = node("select", { multiple: isMany, class: "select" },
      isMany ? null : node("option", { value: "" }, element.placeholder?.text ?? "Choose…"),
      ...optionsOf(element).map((option) => node("option", { value: option.value, selected: start.has(option.value) }, option.text.text)));
    made.read = () => (isMany ? [...made.selectedOptions].map((option) => option.value) : made.value || null);
    return made;
  }
  if (kind === "users_select") {
    made = node("select", { class: "select" }, node("option", { value: "" }, "Choose…"),
      ...surface.people().map((user) => node("option", { value: user.id }, user.profile.display_name)));
  } else if (kind === "plain_text_input" && element.multiline) made = node("textarea", { rows: 6 });
  else {
    const types = { number_input: "number", email_text_input: "email", url_text_input: "url", datepicker: "date", timepicker: "time" };
    made = node("input", { type: types[kind] ?? "text", step: element.is_decimal_allowed ? "any" : null });
  }
  made.value = element.initial_value ?? element.initial_date ?? element.initial_time ?? element.initial_user ?? "";
  if (element.placeholder && "placeholder" in made) made.placeholder = element.placeholder.text;
  if (element.max_length) made.maxLength = element.max_length;
  made.read = () => made.value;
  return made;
}

function input(block, surface) {
  const control = field(block.element, surface);
  control.dataset.action = block.element.action_id;
  const made = node("div", { class: "block input", "data-block": block.block_id },
    node("label", { class: "input-label" }, block.label.text, block.optional ? node("span", { class: "optional" }, " (optional)") : null),
    control, block.hint ? node("div", { class: "hint" }, block.hint.text) : null, node("div", { class: "error" }));
  made.read = () => [block.block_id, control.read()];
  return made;
}

export function interactive(element, block, surface) {
  if (element.type === "button") return button(element, block, surface);
  if (element.type === "overflow") return overflow(element, block, surface);
  if (element.type === "static_select") return select(element, block, surface);
  if (element.type === "image") return node("img", { class: "accessory", src: imageSource(element), alt: element.alt_text });
  if (element.type === "feedback_buttons") {
    return node("span", { class: "feedback" }, ...["positive_button", "negative_button"].map((name) =>
      button({ ...element[name], type: "button", action_id: element.action_id }, block, surface)));
  }
  if (element.type === "checkboxes" || element.type === "radio_buttons") {
    const made = choices(element, element.type === "checkboxes");
    made.addEventListener("change", () => press(surface, element, block, made.read(), made));
    return made;
  }
  return node("span", { class: "unknown" }, `[${element.type}]`);
}

function section(block, surface) {
  const { names } = surface;
  const fields = block.fields ? node("div", { class: "fields" }, ...block.fields.map((item) => textObject(item, names))) : null;
  const body = node("div", { class: "section-body" }, block.text ? textObject(block.text, names) : null, fields);
  const side = block.accessory ? node("div", { class: "section-side" }, interactive(block.accessory, block, surface)) : null;
  return node("div", { class: "block section" }, body, side);
}

function context(block, surface) {
  const parts = block.elements.map((item) =>
    item.type === "image" ? node("img", { class: "context-image", src: imageSource(item), alt: item.alt_text }) : textObject(item, surface.names));
  return node("div", { class: "block context" }, ...parts);
}

function cell(value, names) {
  if (value.type === "rich_text") return richText(value, names);
  return value.text ?? String(value.value ?? "");
}

function table(block, surface) {
  const settings = block.column_settings ?? [];
  const side = (index) => settings[index]?.align ?? "";
  const wrap = (index) => (settings[index]?.is_wrapped ? " wrapped" : "");
  const line = (row, tag) =>
    node("tr", {}, ...row.map((value, index) => node(tag, { class: side(index) + wrap(index) }, cell(value, surface.names))));
  const [head, ...rows] = block.rows;
  return node("div", { class: "block table-box" }, node("table", {},
    node("thead", {}, line(head, "th")), node("tbody", {}, ...rows.map((row) => line(row, "td")))));
}

function alert(block, surface) {
  return node("div", { class: `block alert ${block.level ?? "default"}` }, textObject(block.text, surface.names));
}

function plan(block, surface) {
  const marks = { complete: "✅", in_progress: "⏳", error: "❌", pending: "▫️" };
  const tasks = (block.tasks ?? [block]).map((task) =>
    node("li", {}, `${marks[task.status] ?? "▫️"} ${task.title ?? ""}`, task.details ? richText(task.details, surface.names) : null));
  return node("div", { class: "block plan" }, block.tasks ? node("strong", {}, block.title ?? "") : null, node("ul", {}, ...tasks));
}

const KINDS = {
  section, context, image, input, table, alert, plan,
  header: (block) => node("h3", { class: "block header" }, textObject(block.text)),
  divider: () => node("hr", { class: "block" }),
  markdown: (block, surface) => node("div", { class: "block" }, markdown(block.text, surface.names)),
  rich_text: (block, surface) => node("div", { class: "block" }, richText(block, surface.names)),
  actions: (block, surface) => node("div", { class: "block actions" }, ...block.elements.map((item) => interactive(item, block, surface))),
  context_actions: (block, surface) => KINDS.actions(block, surface),
  task_card: plan,
};

export function blocks(list, surface) {
  return (list ?? []).map((block) =>
    (KINDS[block.type] ?? ((other) => node("div", { class: "block unknown" }, `[${other.type} is not shown here]`)))(block, surface));
}
