"use strict";
// The reading pane: an article in its segments, what was cut in grey with the reason on demand, and where it is from.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});
  const { make, number, clean } = toolkit;
  const dialog = document.getElementById("reader");
  const part = (id) => document.getElementById("reader-" + id);
  const PREVIEW = 160; // characters of a cut part shown in grey
  const VERDICTS = { on: "on-topic", unsure: "unsure", off: "not on the subject" };
  let row = -1;
  let cameFrom = null; // the element that had the focus

  const isOpen = () => Boolean(dialog && dialog.open);
  const oneLine = (words) => clean(words).replace(/\s+/g, " ").trim();
  const shorten = (words) => (words.length > PREVIEW ? words.slice(0, PREVIEW).replace(/\s+\S*$/, "") + " …" : words);
  const between = (segment) => "characters " + number(segment.start) + "–" + number(segment.end);

  function legend() {
    const line = (kind, words) => make("li", {}, make("span", { class: "swatch " + kind, "aria-hidden": "true" }), words);
    return make("ul", { class: "legend", "aria-label": "How the text is marked" },
      line("on", "on-topic passage: solid bar"), line("unsure", "unsure: dotted bar"), line("plain", "other text of the article: no bar"),
      line("gone", "cut: grey, in a box; open it for the reason"));
  }

  // The passage to be looked at: the one at the offset, else the first that speaks of what the list is filtered by.
  function wanted(segments, start) {
    if (start !== null) return segments.find((segment) => segment.start <= start && start < segment.end) || null;
    const { chosen, q } = toolkit.state;
    const kept = segments.filter((segment) => segment.kept && segment.role !== "title");
    const speaks = (segment) =>
      (chosen.theme.length && segment.themes.some((theme) => chosen.theme.includes(theme))) || chosen.topic.includes(String(segment.topic));
    const terms = toolkit.terms(q).filter((piece) => !piece.not);
    const says = (segment) => terms.some((piece) => toolkit.foldLines([segment.text]).includes(piece.term));
    const on = kept.filter((segment) => segment.verdict === "on");
    return (terms.length && (on.find(says) || kept.find(says))) || ((chosen.theme.length || chosen.topic.length) && (on.find(speaks) || kept.find(speaks))) || null;
  }

  function keptPart(segment, target) {
    const names = { title: "h3", heading: "h4", quote: "blockquote" };
    const kind = (segment.verdict === "off" ? "plain" : segment.verdict) + (segment === target ? " linked" : "");
    const said = segment === target ? "the passage asked for, " : "";
    const hidden = segment.verdict === "off" && !said ? null : make("span", { class: "hidden", text: said + VERDICTS[segment.verdict] + ": " });
    const words = make(segment === target ? "mark" : "span", { text: clean(segment.text).trim() });
    return make(names[segment.role] || "p", { class: "kept " + kind + " role-" + segment.role, tabindex: segment === target ? "-1" : null, data: { start: segment.start, end: segment.end } }, hidden, words);
  }

  // Neighbours that were cut as the same thing stand in one box.
  function cutPart(segments, target) {
    const has = segments.includes(target);
    const words = oneLine(segments.map((segment) => segment.text).join(" "));
    const many = segments.length > 1 ? segments.length + " parts, " : "";
    const box = make("details", { class: "cut" + (has ? " linked" : ""), open: has },
      make("summary", {}, make("b", { text: "Cut: " + segments[0].label.toLowerCase() + ". " }), make("span", { text: shorten(words) || "(blank)" })));
    for (const segment of segments) {
      box.append(make("p", { class: "gone", tabindex: segment === target ? "-1" : null, data: { start: segment.start, end: segment.end } },
        make(segment === target ? "mark" : "span", { text: oneLine(segment.text) }),
        make("span", { class: "why", text: " Cut as " + (clean(segment.reason) || segment.role) + "; " + between(segment) + "." })));
    }
    if (many) box.querySelector("b").textContent = "Cut: " + many + segments[0].label.toLowerCase() + ". ";
    return box;
  }

  function textOf(article, target, facts) {
    const body = make("div", { class: "reading", lang: toolkit.lang(facts.language), dir: "auto" });
    const { segments } = article;
    for (let i = 0; i < segments.length; i++) {
      if (segments[i].kept) {
        body.append(keptPart(segments[i], target));
        continue;
      }
      const group = [segments[i]];
      while (i + 1 < segments.length && !segments[i + 1].kept && segments[i + 1].role === segments[i].role) group.push(segments[++i]);
      body.append(cutPart(group, target));
    }
    return body;
  }

  function factsOf(article, target, facts, url) {
    const data = toolkit.data;
    const pairs = [];
    const say = (name, value) => value && pairs.push(make("div", {}, make("dt", { text: name }), make("dd", {}, value)));
    say("Verdict", facts.verdict.toLowerCase() + (facts.copy ? "; a near-copy of another article" : ""));
    say("Themes", clean(facts.themes.join(", ")));
    say("Topic", clean(facts.topic));
    say("Places", clean(facts.places.join(", ")));
    say("Source", clean(facts.outlet));
    say("Date", facts.date);
    if (/^https?:\/\//i.test(url)) say("Address", make("a", { href: url, rel: "noopener noreferrer nofollow", text: clean(url) }));
    say("File", clean(article ? article.file : data.file(row) || ""));
    say("Document id", make("code", { text: clean(data.ids[row]) }));
    if (target) say("Passage", between(target) + (target.kept ? "" : ", cut as " + clean(target.reason || target.role)));
    if (target && target.themes.length) say("Its themes", clean(target.themes.map((id) => (data.tables.themes.find((theme) => theme[0] === id) || [id, id])[1]).join(", ")));
    const reasons = article ? article.reasons : [];
    const list = (held) => make("ul", {}, ...held.map(([name, value]) => make("li", { text: clean(name) + " (" + (value > 0 ? "+" : "−") + Math.abs(value).toFixed(2) + ")" })));
    const [up, down] = [reasons.filter((reason) => reason[1] > 0), reasons.filter((reason) => reason[1] < 0)];
    if (up.length) say("Spoke for the subject", list(up));
    if (down.length) say("Spoke against it", list(down));
    return make("dl", { class: "facts" }, ...pairs);
  }

  async function open(id, start) {
    const data = toolkit.data;
    const wasOpen = isOpen();
    if (!wasOpen) cameFrom = document.activeElement;
    const asked = (row = data.rowOf(id));
    if (row < 0) {
      show([make("h3", { id: "reader-title", text: "Not in this file" }), make("p", { text: "The explorer holds no article “" + clean(id) + "”. The tables of the run hold all of them." })], null);
      return;
    }
    const [article] = await Promise.all([data.article(row), data.extras()]);
    if (asked !== row) return; // another was asked for meanwhile
    const facts = toolkit.facts(row);
    const target = article ? wanted(article.segments, start) : null;
    const url = (article && article.url) || data.urls[row] || "";
    const title = make("h3", { id: "reader-title", lang: toolkit.lang(facts.language), dir: "auto", text: facts.title });
    const under = make("p", { class: "said", text: clean([facts.outlet, facts.date, facts.verdict].filter(Boolean).join(" · ")) });
    const body = article && article.segments.length
      ? [legend(), textOf(article, target, facts)]
      : [data.leads[row] ? make("p", { lang: toolkit.lang(facts.language), dir: "auto", text: data.leads[row] }) : null,
         make("p", { class: "flag", text: "There was no room for the whole text of this article in this file. It is in the segments table of the run, under the document id below." })].filter(Boolean);
    show([title, under, ...body, make("h4", { class: "from", text: "Where this is from" }), factsOf(article, target, facts, url)], data.ids[row]);
    const marked = part("body").querySelector("mark");
    const place = marked && marked.closest("[tabindex]");
    if (place) {
      place.focus({ preventScroll: true });
      place.scrollIntoView({ block: "center" });
    }
  }

  function show(children, id) {
    if (id === null) delete dialog.dataset.doc;
    else dialog.dataset.doc = id;
    part("body").replaceChildren(...children);
    part("before").disabled = row < 0 || toolkit.beside(row, -1) < 0;
    part("after").disabled = row < 0 || toolkit.beside(row, 1) < 0;
    part("place").textContent = row < 0 ? "" : toolkit.placeOf(row);
    if (!dialog.open) dialog.showModal();
    part("body").scrollTop = 0;
    part("body").focus({ preventScroll: true });
  }

  function close(byReader) {
    if (!isOpen()) return;
    dialog.close();
    row = -1;
    part("body").replaceChildren();
    delete dialog.dataset.doc;
    if (byReader) history.replaceState(null, "", toolkit.address());
    if (cameFrom && cameFrom.isConnected) cameFrom.focus({ preventScroll: true });
  }

  function beside(by) {
    const next = row < 0 ? -1 : toolkit.beside(row, by);
    if (next < 0) return;
    history.replaceState(null, "", toolkit.address(toolkit.data.ids[next]));
    open(toolkit.data.ids[next], null);
  }

  if (dialog) {
    part("close").addEventListener("click", () => close(true));
    part("before").addEventListener("click", () => beside(-1));
    part("after").addEventListener("click", () => beside(1));
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(true);
    });
    dialog.addEventListener("click", (event) => event.target === dialog && close(true)); // beside the pane
    dialog.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
      if (event.key === "j" || event.key === "ArrowRight") beside(1);
      if (event.key === "k" || event.key === "ArrowLeft") beside(-1);
    });
  }
  toolkit.reader = { open, close, isOpen };
})();
