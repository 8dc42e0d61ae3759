// The box to write in: grows, completes mentions, takes files by button, drop and paste.
import { icon } from "./icons.js";
import { node } from "./text.js";

export function composer({ placeholder, people, upload, send, label }) {
  let waiting = [];
  const text = node("textarea", { rows: 1, placeholder, "aria-label": label, enterkeyhint: "send" });
  const chips = node("div", { class: "chips" });
  const picker = node("input", { type: "file", multiple: true, hidden: true, "aria-label": `${label}: attach` });
  const attach = node("button", { type: "button", class: "icon", "aria-label": "Attach files", title: "Attach files", onclick: () => picker.click() }, icon("attach"));
  const at = node("button", { type: "button", class: "icon", "aria-label": "Mention", title: "Mention the bot", onclick: () => {
    insert(`@${people()[0].profile.display_name} `, text.selectionStart);
  } }, "@");
  const go = node("button", { type: "button", class: "send", "aria-label": "Send", disabled: true, onclick: () => submit() }, icon("send"));
  const menu = node("div", { class: "complete", hidden: true, role: "listbox" });
  const box = node("div", { class: "composer" }, menu, chips, text, picker, node("div", { class: "composer-row" }, attach, at, node("span", { class: "tip" }, "Enter sends, Shift+Enter starts a line"), go));

  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 220)}px`;
    go.disabled = !text.value.trim() && !waiting.length;
  };
  function insert(what, from) {
    text.setRangeText(what, from, text.selectionEnd, "end");
    menu.hidden = true;
    text.focus();
    grow();
  }
  function suggest() {
    const typed = /(?:^|\s)@([\w.-]*)$/.exec(text.value.slice(0, text.selectionStart));
    const found = typed ? people().filter((user) => user.profile.display_name.toLowerCase().startsWith(typed[1].toLowerCase())) : [];
    menu.replaceChildren(...found.map((user, index) =>
      node("button", { type: "button", role: "option", class: index ? "" : "first", onmousedown: (event) => {
        event.preventDefault();
        insert(`@${user.profile.display_name} `, text.selectionStart - typed[1].length - 1);
      } }, node("strong", {}, user.profile.display_name), ` ${user.is_bot ? "app" : user.real_name}`)));
    menu.hidden = !found.length;
  }
  function add(files) {
    waiting.push(...files);
    show();
  }
  function show() {
    chips.replaceChildren(...waiting.map((file) => node("span", { class: "chip" }, file.name,
      node("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: () => {
        waiting = waiting.filter((other) => other !== file);
        show();
      } }, "✕"))));
    grow();
  }
  async function submit() {
    const content = text.value.trim();
    if ((!content && !waiting.length) || box.classList.contains("sending")) return;
    box.classList.add("sending");
    try {
      const files = [];
      for (const file of waiting) files.push(await upload(file));
      await send(content, files);
      text.value = "";
      waiting = [];
      show();
    } finally {
      box.classList.remove("sending");
      text.focus();
    }
  }
  text.addEventListener("input", () => { grow(); suggest(); });
  text.addEventListener("blur", () => { menu.hidden = true; });
  text.addEventListener("keydown", (event) => {
    if (!menu.hidden && (event.key === "Tab" || event.key === "Enter")) {
      event.preventDefault();
      menu.firstElementChild.dispatchEvent(new MouseEvent("mousedown", { cancelable: true }));
    } else if (event.key === "Escape") menu.hidden = true;
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  text.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) {
      event.preventDefault();
      add(event.clipboardData.files);
    }
  });
  picker.addEventListener("change", () => { add(picker.files); picker.value = ""; });
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    add(event.dataTransfer.files);
  });
  return box;
}
