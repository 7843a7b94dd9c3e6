"use strict";
// Marks of readers: keys and buttons on every article (data-doc) and passage (data-start), saved as feedback.jsonl.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});
  const bar = document.getElementById("marks");
  if (!bar) return;
  const about = JSON.parse(document.getElementById("marks-facts").textContent);
  const at = (id) => document.getElementById("marks-" + id);
  const STORE = "toolkit-marks-" + about.report;
  const KINDS = { r: "on", i: "off", u: "unsure", c: "wrong_cut" };
  const SAID = { on: "on the subject", off: "off the subject", unsure: "unsure", wrong_cut: "cut wrongly", note: "note" };
  const VERDICTS = ["on", "off", "unsure"];
  const ITEMS = "[data-doc], [data-doc] [data-start]";

  let data = null;
  let labels = new Map(); // of themes
  let item = null; // the marked thing: what has the focus or was touched last
  let marks = new Map(); // a key a kind of mark -> its line
  let marked = new Set(); // the articles with marks
  let before = []; // the marks before each change
  let isSaved = true;

  const total = () => toolkit.count(marks.size, "mark");
  const docOf = (of) => of.closest("[data-doc]").dataset.doc;
  const rowOf = (of) => data.rowOf(docOf(of));
  const passage = (of) => (of.dataset.start === undefined ? null : [+of.dataset.start, +of.dataset.end]);
  function keyOf(of, kind, theme) {
    const where = theme === undefined ? passage(of) : null; // a theme is said of the article
    return JSON.stringify([docOf(of), where, VERDICTS.includes(kind) ? "verdict" : kind, theme]);
  }
  const markOf = (of, kind, theme) => marks.get(keyOf(of, kind, theme));

  const announce = (words) => (at("said").textContent = words);

  function store() {
    try {
      localStorage.setItem(STORE, JSON.stringify([isSaved, [...marks]]));
    } catch (error) {
      // a page may have no storage: the marks are in memory, and it warns before it closes
    }
  }
  function restore() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE));
      [isSaved, marks] = [kept[0], new Map(kept[1])];
    } catch (error) {
      isSaved = true; // nothing is kept, or may be
    }
  }

  // What the cut said of a passage.
  async function roleOf(of) {
    if (of.dataset.role) return of.dataset.role;
    const article = await data.article(rowOf(of));
    const start = passage(of)[0];
    const found = article && article.segments.find((segment) => segment.start <= start && start < segment.end);
    return found ? found.role : null;
  }

  function line(of, kind, more) {
    const where = more.theme === undefined ? passage(of) : null;
    const drawn = of.closest("[data-drawn]");
    return {
      document_id: docOf(of),
      text_sha256: data.hashes[rowOf(of)].toString(16).padStart(8, "0"),
      mark: kind,
      ...(where ? { start: where[0], end: where[1] } : {}),
      ...more,
      model: about.model,
      toolkit: about.toolkit,
      ...(drawn ? { drawn: drawn.dataset.drawn } : {}),
    };
  }

  function change(words, act) {
    before.push(new Map(marks));
    act();
    changed(words + ".");
  }
  function changed(words) {
    isSaved = !marks.size;
    store();
    show();
    announce(words + " " + total() + ".");
  }
  function put(of, kind, more) {
    const key = keyOf(of, kind, more.theme);
    const note = marks.has(key) && marks.get(key).note;
    marks.delete(key); // so that the last mark stands last
    marks.set(key, line(of, kind, { ...(note ? { note } : {}), ...more }));
  }

  async function mark(kind) {
    const of = item;
    if (!of) return;
    if (kind === "wrong_cut" && !passage(of)) return announce("Open the article, and mark the passage that was cut wrongly.");
    const old = markOf(of, kind);
    if (old && old.mark === kind) return change("Mark taken away", () => marks.delete(keyOf(of, kind)));
    const role = kind === "wrong_cut" ? await roleOf(of) : undefined;
    if (role === null) return announce("The text of this article is not in the page; its cut cannot be marked here.");
    change("Marked " + SAID[kind], () => put(of, kind, role ? { role } : {}));
  }

  // A theme goes from not said to yes, to no, and back to not said.
  function markTheme(theme) {
    const of = item;
    const name = labels.get(theme);
    const yes = markOf(of, "theme", theme);
    const no = markOf(of, "no_theme", theme);
    change(name + ": " + (yes ? "not a theme of it" : no ? "nothing said" : "a theme of it"), () => {
      marks.delete(keyOf(of, "theme", theme));
      marks.delete(keyOf(of, "no_theme", theme));
      if (!no) put(of, yes ? "no_theme" : "theme", { theme });
    });
    showThemes();
  }

  // A note goes with the verdict or the wrong cut, or stands alone.
  const all = (of) => ["on", "wrong_cut", "note"].map((kind) => markOf(of, kind)).filter(Boolean);
  function writeNote() {
    const words = at("note-text").value.trim();
    const of = item;
    const found = all(of)[0];
    const role = found && found.role ? { role: found.role } : {};
    change(words ? "Note kept" : "Note taken away", () => {
      if (found && found.mark !== "note") put(of, found.mark, { ...role, note: words });
      else if (words) put(of, "note", { note: words });
      else marks.delete(keyOf(of, "note"));
    });
    close();
  }

  function undo() {
    if (!before.length) return announce("Nothing to undo.");
    marks = before.pop();
    changed("Undone.");
  }
  function save() {
    const content = [...marks.values()].map((found) => JSON.stringify(found) + "\n").join("");
    toolkit.save("feedback.jsonl", "application/x-ndjson", content);
    isSaved = true;
    store();
    show();
    announce(total() + " saved as feedback.jsonl.");
  }

  // What is said of an item, in words, on the item itself.
  function wordsOf(of) {
    const found = all(of);
    const words = found.filter((one) => one.mark !== "note").map((one) => SAID[one.mark]);
    for (const [theme, name] of labels) {
      if (markOf(of, "theme", theme)) words.push("theme: " + name);
      if (markOf(of, "no_theme", theme)) words.push("not: " + name);
    }
    return words.concat(found.filter((one) => one.note).map((one) => "note: " + one.note));
  }
  function decorate(of) {
    const words = marked.has(docOf(of)) ? wordsOf(of) : [];
    const place = of.matches("dialog") ? of.querySelector("h3") : of.cells ? of.cells[0] : of;
    if (!place) return;
    const old = [...place.children].find((child) => child.matches(".mark-said"));
    if (old) old.remove();
    if (words.length) place.append(toolkit.make("span", { class: "mark-said", text: " Marked: " + words.join(" · ") }));
  }
  function prepare(root) {
    for (const of of root.querySelectorAll(ITEMS)) {
      if (rowOf(of) < 0) continue;
      decorate(of);
      if (!of.matches("a, [tabindex], dialog") && !of.querySelector("a, button, summary, [tabindex]")) of.tabIndex = 0; // for the keyboard
    }
  }

  function show() {
    marked = new Set([...marks.values()].map((found) => found.document_id));
    document.querySelectorAll(ITEMS).forEach(decorate);
    showBar();
  }
  function showBar() {
    bar.hidden = !item && !marks.size;
    document.body.classList.toggle("with-marks", !bar.hidden);
    at("count").textContent = total() + (marks.size && !isSaved ? ", not saved" : "");
    at("save").disabled = at("clear").disabled = !marks.size;
    at("undo").disabled = !before.length;
    at("about").textContent = item ? named() : "Choose an article or a passage.";
    for (const button of at("kinds").querySelectorAll("button")) {
      const kind = button.dataset.kind;
      button.disabled = !item || (kind === "wrong_cut" && !passage(item));
      const found = item && kind ? markOf(item, kind) : null;
      if (kind) button.setAttribute("aria-pressed", String(Boolean(found && found.mark === kind)));
    }
  }
  function named() {
    if (!passage(item)) return toolkit.clean(data.titles[rowOf(item)] || docOf(item));
    const own = [...item.childNodes].filter((node) => node.nodeType !== 1 || !node.matches(".mark-said, .hidden, .why"));
    return "Passage: " + own.map((node) => node.textContent).join(" ").trim().slice(0, 200);
  }
  function showThemes() {
    for (const button of at("themes").querySelectorAll("button")) {
      const theme = button.dataset.theme;
      const said = markOf(item, "theme", theme) ? ": yes" : markOf(item, "no_theme", theme) ? ": no" : "";
      button.textContent = labels.get(theme) + said;
    }
  }

  function take(target) {
    const found = target.closest(ITEMS);
    if (!found || found === item || rowOf(found) < 0) return;
    choose(found);
  }
  function choose(next) {
    if (item) item.classList.remove("to-mark");
    item = next;
    if (item) item.classList.add("to-mark");
    const host = (item && item.closest("dialog[open]")) || document.body; // what is behind an open dialog cannot be pressed
    if (bar.parentNode !== host) host.append(bar);
    at("themes").hidden = at("note").hidden = true;
    show();
  }
  const leave = () => choose(null);
  // A panel opens in the bar; closing it gives the focus back.
  let from = null;
  function open(name) {
    if (!item) return;
    from = bar.contains(document.activeElement) ? document.activeElement : item.querySelector(":focus") || item;
    at("themes").hidden = name !== "themes";
    at("note").hidden = name !== "note";
    if (name === "note") at("note-text").value = (all(item)[0] || {}).note || "";
    else showThemes();
    (name === "note" ? at("note-text") : at("themes").querySelector("button")).focus();
  }
  function close() {
    at("themes").hidden = at("note").hidden = true;
    if (from && from.isConnected) from.focus();
  }

  function listen() {
    document.addEventListener("focusin", (event) => !bar.contains(event.target) && take(event.target));
    document.addEventListener("click", (event) => !bar.contains(event.target) && take(event.target));
    document.addEventListener("close", (event) => event.target.contains(bar) && leave(), true);
    document.addEventListener("keydown", (event) => {
      const isOpen = !at("themes").hidden || !at("note").hidden;
      if (event.key === "Escape" && isOpen && bar.contains(event.target)) {
        event.preventDefault();
        event.stopPropagation();
        return close();
      }
      if (event.target === at("note-text") && event.key === "Enter" && !event.isComposing) {
        event.preventDefault();
        return writeNote();
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.target.closest("input, select, textarea")) return;
      const key = event.key.toLowerCase();
      if (key === "z" && (before.length || item)) undo();
      else if (!item || !(item.contains(event.target) || bar.contains(event.target))) return;
      else if (KINDS[key]) mark(KINDS[key]);
      else if (key === "t") open("themes");
      else if (key === "n") open("note");
      else return;
      event.preventDefault();
    }, true);
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.kind) mark(button.dataset.kind);
      else if (button.dataset.theme) markTheme(button.dataset.theme);
      else if (button.dataset.open) open(button.dataset.open);
    });
    at("undo").addEventListener("click", undo);
    at("save").addEventListener("click", save);
    at("clear").addEventListener("click", () => change("All marks taken away; undo brings them back", () => marks.clear()));
    at("note-keep").addEventListener("click", writeNote);
    at("leave").addEventListener("click", leave);
    window.addEventListener("beforeunload", (event) => {
      if (marks.size && !isSaved) event.preventDefault();
    });
    const watcher = new MutationObserver((changes) => {
      changes.forEach(({ target }) => prepare(target.closest("dialog") ? document : target));
      if (item && !item.closest("[data-doc]")) leave();
      else if (item) showBar();
    });
    for (const id of ["explorer-list", "reader-body"]) watcher.observe(document.getElementById(id), { childList: true });
  }

  async function begin() {
    data = await toolkit.loaded;
    if (!data) return;
    labels = new Map(data.tables.themes);
    for (const [theme, name] of labels) at("themes").append(toolkit.make("button", { type: "button", data: { theme }, text: name }));
    restore();
    listen();
    show();
    prepare(document);
    at("how").hidden = false;
  }
  toolkit.marks = { lines: () => [...marks.values()], ready: begin() };
})();
