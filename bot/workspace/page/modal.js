// Dialogs: the bot's modals, confirmations, and short notices.
import { blocks } from "./blocks.js";
import { icon } from "./icons.js";
import { node, textObject } from "./text.js";

const dialog = document.getElementById("modal");
const question = document.getElementById("ask");
let shown = null;

export function showView(view, errors, surface, act) {
  if (!view) {
    shown = null;
    return dialog.close();
  }
  const isSame = shown?.id === view.id && shown?.hash === view.hash;
  shown = view;
  if (!isSame) render(view, surface, act);
  const hasErrors = Object.keys(errors ?? {}).length > 0;
  for (const block of dialog.querySelectorAll("[data-block]")) {
    block.querySelector(".error").textContent = errors?.[block.dataset.block] ?? "";
  }
  if (hasErrors || isSame) dialog.classList.remove("busy");
  if (!dialog.open) dialog.showModal();
}

function render(view, surface, act) {
  dialog.classList.remove("busy");
  const body = node("div", { class: "modal-body" }, ...blocks(view.blocks, surface));
  const submit = async () => {
    const values = Object.fromEntries([...body.querySelectorAll(".input")].map((block) => block.read()));
    dialog.classList.add("busy");
    await act({ kind: "submit", values });
    dialog.classList.remove("busy");
  };
  const close = () => act({ kind: "close" });
  dialog.oncancel = (event) => { event.preventDefault(); close(); };
  dialog.replaceChildren(
    node("header", {}, node("h2", {}, view.title.text), node("button", { type: "button", class: "icon", "aria-label": "Close", onclick: close }, icon("close"))),
    body,
    node("footer", {}, node("button", { type: "button", class: "button", onclick: close }, view.close?.text ?? "Close"),
      view.submit ? node("button", { type: "button", class: "button primary", onclick: submit, "data-submit": "" }, view.submit.text) : null));
}

export function ask(confirm, names) {
  return new Promise((resolve) => {
    const done = (answer) => { question.close(); resolve(answer); };
    question.oncancel = () => resolve(false);
    question.replaceChildren(
      node("header", {}, node("h2", {}, confirm.title.text)),
      node("div", { class: "modal-body" }, textObject(confirm.text, names)),
      node("footer", {}, node("button", { type: "button", class: "button", onclick: () => done(false) }, confirm.deny.text),
        node("button", { type: "button", class: `button ${confirm.style ?? "primary"}`, onclick: () => done(true) }, confirm.confirm.text)));
    question.showModal();
  });
}

export function askText(title, value) {
  return new Promise((resolve) => {
    const field = node("textarea", { rows: 4, "aria-label": title });
    field.value = value;
    const done = (answer) => { question.close(); resolve(answer); };
    question.oncancel = () => resolve(null);
    question.replaceChildren(node("header", {}, node("h2", {}, title)), node("div", { class: "modal-body" }, field),
      node("footer", {}, node("button", { type: "button", class: "button", onclick: () => done(null) }, "Cancel"),
        node("button", { type: "button", class: "button primary", onclick: () => done(field.value) }, "Save")));
    question.showModal();
  });
}

export function notice(text) {
  const made = node("div", { class: "notice" }, text);
  document.getElementById("notices").append(made);
  setTimeout(() => made.remove(), 6000);
}
