// Drawn icons, so that the page looks the same without an emoji font.

const PATHS = {
  attach: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7L9.2 17.200a1.6 1.6 0 0 1-2.3-2.300L14.5 7.3",
  send: "M4 12l16-8-6 16-3-6.500z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  reply: "M4 5h16v11H10l-4 4v-4H4z",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  download: "M12 4v11m-5-5l5 5 5-5M5 20h14",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  bot: "M6 20v-6m6 6V9m6 11V4",
  code: "M9 7l-5 5 5 5m6-10l5 5-5 5",
  archive: "M4 5h16v4H4zM6 9v11h12V9M10 13h4",
  table: "M4 5h16v14H4zM4 10h16M4 14.500h16M10 5v14",
  document: "M7 3h7l4 4v14H7zM14 3v4h4M9.5 12h6M9.5 16h6",
};

export function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("class", "svg");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  made.append(path);
  return made;
}

function drawn(text) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [24, 24];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = "18px system-ui, sans-serif";
  pen.fillText(text, 0, 19);
  return pen.getImageData(0, 0, 24, 24).data.join();
}

// Two emoji that look alike are two empty boxes.
export const hasEmojiFont = drawn("\u{1F52C}") !== drawn("\u{1F680}");
