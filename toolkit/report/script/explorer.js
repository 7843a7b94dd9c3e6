"use strict";
// The explorer: search, filters with counts, the list, its CSV, and the address of what is shown.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});
  const root = document.getElementById("explorer");
  if (!root) return;
  const { make, number, count, clean } = toolkit;
  const at = (id) => document.getElementById("explorer-" + id);
  const STEP = 50; // rows listed at once
  const HEADS = 4000; // rows whose titles are made ready for the search at once
  const FEW = 7; // values of a filter shown before "all"
  const SEARCH = 1 << 15; // the bit of a row that the search refuses; filter i has bit i
  const VERDICTS = { on: "On-topic", unsure: "Unsure", off: "Off-topic" };
  const SORTS = {
    relevance: "relevance, highest first",
    boundary: "nearness to the line",
    newest: "date, newest first",
    oldest: "date, oldest first",
  };
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

  let data;
  let facets = [];
  const heads = []; // what is searched of titles and first sentences, for every HEADS rows
  const bodies = []; // and of whole texts
  let found = new Uint32Array(0); // rows in the order of the list
  let listed = 0;
  let textsRead = false;
  const state = { q: "", sort: "relevance", chosen: {} };

  const monthName = (month) => (month ? MONTHS[+month.slice(5, 7) - 1] + " " + month.slice(0, 4) : "No month");
  const languages = (() => {
    try {
      const names = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
      return (code) => (code && code !== "und" ? names.of(code) : "Not known");
    } catch (error) {
      return (code) => code || "Not known";
    }
  })();
  const languageName = (code) => {
    try {
      return languages(code);
    } catch (error) {
      return code; // not a code of a language
    }
  };

  // A filter: its values with their names, and the codes of each row, one a row or a list.
  function makeFacets() {
    const { tables, columns } = data;
    const months = [...new Set(tables.dates.map((date) => (/^\d{4}-\d\d/.test(date) ? date.slice(0, 7) : "")))].sort().reverse();
    const monthOf = new Map(months.map((month, code) => [month, code]));
    const ofDate = tables.dates.map((date) => monthOf.get(/^\d{4}-\d\d/.test(date) ? date.slice(0, 7) : ""));
    const named = (values, name) => values.map((value) => [String(value), name(value)]);
    facets = [
      { key: "verdict", label: "Verdict", values: named(tables.verdicts, (v) => VERDICTS[v]), of: columns.verdict, order: [2, 1, 0] },
      { key: "theme", label: "Theme", values: tables.themes, lists: data.themes },
      { key: "topic", label: "Topic", values: tables.topics.map((topic) => [String(topic[0]), topic[1]]), of: columns.topic },
      { key: "place", label: "Place", values: tables.places.map((place) => [place[0], place[0]]), lists: data.places },
      { key: "outlet", label: "Source", values: named(tables.outlets, (v) => v || "Not known"), of: columns.outlet },
      { key: "month", label: "Month", values: named(months, monthName), of: Uint16Array.from(columns.date, (code) => ofDate[code]), order: months.map((_, i) => i) },
      { key: "language", label: "Language", values: named(tables.languages, languageName), of: columns.language },
      { key: "copy", label: "Copies", values: [["no", "Counted once"], ["yes", "Near-copies of others"]], of: columns.copy },
    ];
    facets.forEach((facet, i) => {
      facet.bit = 1 << i;
      facet.code = new Map(facet.values.map((value, code) => [value[0], code]).reverse());
      facet.all = false;
      state.chosen[facet.key] = [];
    });
  }

  // Rows by a small whole number, smallest first; equal ones stay in their order.
  function ordered(keys, most) {
    const starts = new Uint32Array(most + 2);
    for (let row = 0; row < data.n; row++) starts[keys[row] + 1]++;
    for (let key = 0; key <= most; key++) starts[key + 1] += starts[key];
    const order = new Uint32Array(data.n);
    for (let row = 0; row < data.n; row++) order[starts[keys[row]]++] = row;
    return order;
  }
  const orders = {};
  function orderOf(sort) {
    if (orders[sort]) return orders[sort];
    const { relevance, date, verdict } = data.columns;
    const { steps, missing, dates, line } = data.tables;
    const top = dates.length;
    const keyOf = {
      // on-topic first, then unsure: a score means less than the verdict
      relevance: (row) => (2 - verdict[row]) * (steps + 2) + (relevance[row] === missing ? steps + 1 : steps - relevance[row]),
      boundary: (row) => (relevance[row] === missing ? steps + 1 : Math.round(Math.abs(relevance[row] - line * steps))),
      newest: (row) => (date[row] ? top - date[row] : top),
      oldest: (row) => date[row] || top,
    }[sort];
    const keys = new Uint32Array(data.n);
    for (let row = 0; row < data.n; row++) keys[row] = keyOf(row);
    return (orders[sort] = ordered(keys, sort === "relevance" ? 3 * (steps + 2) : sort === "boundary" ? steps + 1 : top));
  }

  // Which filters refuse each row: a bit for each.
  function refused() {
    const bits = new Uint16Array(data.n);
    for (const { key, bit, code, of, lists, values } of facets) {
      if (!state.chosen[key].length) continue;
      const wanted = new Uint8Array(values.length);
      for (const value of state.chosen[key]) if (code.has(value)) wanted[code.get(value)] = 1;
      for (let row = 0; row < data.n; row++) {
        let fits = 0;
        if (of) fits = wanted[of[row]];
        else for (let i = lists.starts[row]; i < lists.starts[row + 1] && !fits; i++) fits = wanted[lists.codes[i]];
        if (!fits) bits[row] |= bit;
      }
    }
    if (state.q.trim()) for (let first = 0; first < data.n; first += HEADS) readTitles(first); // the word may have come first
    const hits = toolkit.search(heads.concat(bodies), state.q, data.n);
    if (hits) for (let row = 0; row < data.n; row++) if (!hits[row]) bits[row] |= SEARCH;
    return bits;
  }

  // For each value of a filter the rows that all other filters let through.
  function counted(facet, bits) {
    const counts = new Uint32Array(facet.values.length);
    const { of, lists, bit } = facet;
    for (let row = 0; row < data.n; row++) {
      if (bits[row] & ~bit) continue;
      if (of) counts[of[row]]++;
      else for (let i = lists.starts[row]; i < lists.starts[row + 1]; i++) counts[lists.codes[i]]++;
    }
    return counts;
  }

  function update() {
    const bits = refused();
    const order = orderOf(state.sort);
    found = new Uint32Array(data.n);
    let n = 0;
    for (let i = 0; i < data.n; i++) if (!bits[order[i]]) found[n++] = order[i];
    found = found.subarray(0, n);
    showCount();
    showChips();
    for (const facet of facets) showFacet(facet, counted(facet, bits));
    listed = 0;
    at("list").replaceChildren();
    listMore();
    if (toolkit.map) toolkit.map.show(bits);
    performance.mark("explorer-listed");
  }

  function showCount() {
    const held = data.tables.n;
    at("count").textContent = found.length === held ? count(held, "article") : number(found.length) + " of " + count(held, "article");
    at("csv").disabled = !found.length;
  }

  function showChips() {
    const chips = [];
    for (const { key, label, values, code } of facets) {
      for (const value of state.chosen[key]) {
        const name = clean(code.has(value) ? values[code.get(value)][1] : value + " (not known here)");
        chips.push(
          make("button", { type: "button", class: "chip", on: { click: () => choose(key, value) } },
            make("span", { text: label + ": " + name }), make("span", { "aria-hidden": "true", text: " ×" }), make("span", { class: "hidden", text: ", remove" }))
        );
      }
    }
    if (chips.length > 1) chips.push(make("button", { type: "button", class: "chip", text: "Remove all", on: { click: clear } }));
    keepFocus(at("chips"), chips);
  }

  // Exchange the children of an element; the focus stays at the same place in it.
  function keepFocus(element, children) {
    const buttons = [...element.querySelectorAll("button")];
    const place = buttons.indexOf(document.activeElement);
    element.replaceChildren(...children);
    if (place < 0) return;
    const now = element.querySelectorAll("button");
    (now[Math.min(place, now.length - 1)] || at("q")).focus({ preventScroll: true });
  }

  function showFacet(facet, counts) {
    const { key, label, values } = facet;
    const chosen = new Set(state.chosen[key]);
    if (values.length < 2 && !chosen.size) return;
    if (!facet.box) {
      facet.list = make("div", { class: "values" });
      facet.box = make("details", { open: ["verdict", "theme", "topic"].includes(key) && matchMedia("(min-width: 64rem)").matches },
        make("summary", { text: label }), facet.list);
      facet.box.addEventListener("toggle", () => showFacet(facet, facet.counts));
      at("facets").append(facet.box);
    }
    facet.counts = counts;
    if (!facet.box.open) return facet.list.replaceChildren(); // what is closed is made when it is opened
    const codes = (facet.order || [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b)).filter(
      (code) => counts[code] || chosen.has(values[code][0])
    );
    const shown = facet.all ? codes : codes.filter((code, i) => i < FEW || chosen.has(values[code][0]));
    const buttons = shown.map((code) =>
      make("button", { type: "button", class: "value", "aria-pressed": String(chosen.has(values[code][0])), on: { click: () => choose(key, values[code][0]) } },
        make("span", { class: "tick", "aria-hidden": "true" }), make("span", { class: "of", text: clean(values[code][1]) }), make("span", { class: "n", text: number(counts[code]) }))
    );
    if (shown.length < codes.length || facet.all) {
      const act = () => {
        facet.all = !facet.all;
        showFacet(facet, facet.counts);
      };
      buttons.push(make("button", { type: "button", class: "all", text: facet.all ? "Fewer" : "All " + number(codes.length), on: { click: act } }));
    }
    keepFocus(facet.list, buttons.length ? buttons : [make("p", { class: "none", text: "None" })]);
  }

  const dateWords = (date) => {
    const part = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$|^--(\d\d)-(\d\d)$/.exec(date);
    if (!part) return "";
    const month = MONTHS[+(part[2] || part[4]) - 1] || "";
    return [part[3] || part[5] ? +(part[3] || part[5]) : "", month, part[1] || "(no year given)"].filter(String).join(" ");
  };
  // What is known of a row, in words.
  toolkit.facts = (row) => {
    const { tables, columns } = data;
    const score = data.score(row);
    const verdict = tables.verdicts[columns.verdict[row]];
    return {
      title: data.titles[row],
      outlet: tables.outlets[columns.outlet[row]],
      date: dateWords(tables.dates[columns.date[row]]),
      language: tables.languages[columns.language[row]],
      verdict: VERDICTS[verdict] + (score === null ? "" : " " + score.toFixed(2)),
      themes: data.themesOf(row).map((code) => tables.themes[code][1]),
      places: data.placesOf(row).map((code) => tables.places[code][0]),
      topic: columns.topic[row] ? tables.topics[columns.topic[row]][1] : "",
      copy: columns.copy[row] === 1,
    };
  };

  function item(row) {
    const facts = toolkit.facts(row);
    const said = [facts.outlet, facts.date, facts.verdict + (facts.copy ? ", near-copy of another" : ""), facts.themes.join(", ")];
    return make("li", { data: { doc: data.ids[row] } },
      make("a", { class: "open", href: address(data.ids[row]), lang: toolkit.lang(facts.language), dir: "auto", text: facts.title }),
      make("p", { class: "said", text: clean(said.filter(Boolean).join(" · ")) }),
      ...leadOf(row));
  }
  function leadOf(row) {
    const lead = data.leads[row];
    const lang = toolkit.lang(data.tables.languages[data.columns.language[row]]);
    return lead ? [make("p", { class: "lead", lang, dir: "auto", text: lead })] : [];
  }
  toolkit.lang = (code) => (/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/.test(code) && code !== "und" && !/^en(-|$)/.test(code) ? code : null);

  function listMore() {
    const rows = Array.from(found.subarray(listed, listed + STEP));
    const items = rows.map(item);
    at("list").append(...items);
    listed += rows.length;
    const left = found.length - listed;
    at("more").hidden = !left;
    at("more").textContent = number(Math.min(left, STEP)) + " more of " + number(left);
    return items;
  }

  // The address of what is shown, and of one article in it.
  function address(doc, start) {
    const words = new URLSearchParams();
    if (state.q.trim()) words.set("q", state.q.trim());
    for (const { key } of facets) for (const value of state.chosen[key]) words.append(key, value);
    if (state.sort !== "relevance") words.set("sort", state.sort);
    if (doc !== undefined) words.set("doc", doc);
    if (start !== undefined) words.set("at", start);
    const query = words.toString();
    return "#explore" + (query ? "?" + query : "");
  }
  toolkit.address = address;

  function choose(key, value) {
    const chosen = state.chosen[key];
    state.chosen[key] = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
    changed();
  }
  toolkit.choose = choose;
  function clear() {
    for (const { key } of facets) state.chosen[key] = [];
    changed();
  }
  function changed() {
    history.replaceState(null, "", address());
    update();
  }

  // Take over what the address says. One that names only an article opens it and leaves the list as it is.
  function follow(first) {
    const hash = location.hash;
    if (!/^#explore(\?|$)/.test(hash)) {
      toolkit.reader.close(false);
      if (first) update();
      return;
    }
    const words = new URLSearchParams(hash.slice("#explore?".length));
    const keys = [...new Set(words.keys())];
    const onlyOpens = keys.includes("doc") && keys.every((key) => key === "doc" || key === "at");
    if (!onlyOpens || first) {
      const before = address();
      state.q = words.get("q") || "";
      state.sort = Object.keys(SORTS).includes(words.get("sort")) ? words.get("sort") : "relevance";
      for (const { key } of facets) state.chosen[key] = [...new Set(words.getAll(key))];
      at("q").value = state.q;
      if (state.q.trim() && !first) aboutToSearch();
      at("sort").value = state.sort;
      if (first || before !== address()) update();
    }
    if (words.has("doc")) {
      toolkit.reader.open(words.get("doc"), /^\d+$/.test(words.get("at") || "") ? +words.get("at") : null);
    } else {
      toolkit.reader.close(false);
      if (hash !== "#explore") document.getElementById("explore").scrollIntoView();
    }
  }

  toolkit.csv = () => toolkit.csvOf(found);

  function searched() {
    const { leads, n } = data.tables;
    const sentences = { all: ", first sentences", near: ", first sentences of those on the subject or unsure", on: ", first sentences of those on the subject", none: "" }[leads];
    const texts = data.nTexts < n ? "the whole text of " + count(data.nTexts, "article") : "all text";
    const when = !data.nTexts ? "" : textsRead ? ", and " : toolkit.texts ? "; now reading " : ", and once you search, ";
    at("searched").textContent = "Searched: titles" + sentences + when + (when && texts) + ".";
  }

  function readTitles(first) {
    heads[first / HEADS] = heads[first / HEADS] || toolkit.index(toolkit.foldLines(data.titles.slice(first, first + HEADS)), first);
  }
  // The titles are made ready after the first list, then the first sentences; rows listed without them are given them.
  async function readHeads() {
    for (let first = 0; first < data.n; first += HEADS) {
      await toolkit.pause();
      readTitles(first);
    }
    if (data.tables.leads === "none") return;
    await data.extras();
    giveLeads();
    for (let first = 0; first < data.n; first += HEADS) {
      await toolkit.pause();
      const lines = data.titles.slice(first, first + HEADS).map((title, i) => title + " " + (data.leads[first + i] || ""));
      heads[first / HEADS] = toolkit.index(toolkit.foldLines(lines), first);
    }
    if (state.q.trim()) update();
  }
  // The whole texts are unpacked, a block at a time, when somebody is about to search.
  async function readTexts() {
    await toolkit.ready;
    await data.eachText((rows, texts) => bodies.push(toolkit.index(toolkit.foldLines(texts), 0, rows)));
    textsRead = true;
    searched();
    if (state.q.trim()) update();
    performance.mark("explorer-texts");
  }
  function aboutToSearch() {
    if (!toolkit.texts) {
      toolkit.texts = readTexts();
      searched();
    }
    return toolkit.texts;
  }
  // The first sentences are there now: give them to the rows that were listed without.
  function giveLeads() {
    [...at("list").children].forEach((listed, i) => listed.querySelector(".lead") || listed.append(...leadOf(found[i])));
  }

  const links = () => [...at("list").querySelectorAll("a.open")];
  function step(by) {
    let all = links();
    const now = all.indexOf(document.activeElement);
    let next = now < 0 ? (by > 0 ? 0 : -1) : now + by;
    if (next >= all.length && listed < found.length) {
      listMore();
      all = links();
    }
    if (next < 0) return now >= 0 ? at("q").focus() : undefined;
    if (all.length) all[Math.min(next, all.length - 1)].focus();
  }
  // The row `by` after this one in the list, or -1.
  toolkit.beside = (row, by) => {
    const place = found.indexOf(row) + by;
    return found.includes(row) && place >= 0 && place < found.length ? found[place] : -1;
  };
  toolkit.placeOf = (row) => (found.includes(row) ? number(found.indexOf(row) + 1) + " of " + number(found.length) : "");
  toolkit.state = state;

  function listen() {
    let waiting = 0;
    at("q").addEventListener("focus", aboutToSearch);
    at("q").addEventListener("input", () => {
      state.q = at("q").value;
      update();
      clearTimeout(waiting); // browsers allow only so many changes of the address a minute
      waiting = setTimeout(() => history.replaceState(null, "", address()), 300);
    });
    at("sort").addEventListener("change", () => {
      state.sort = at("sort").value;
      changed();
    });
    at("more").addEventListener("click", () => {
      const [first] = listMore();
      if (first) first.querySelector("a").focus();
    });
    at("csv").addEventListener("click", () => data.extras().then(() => toolkit.save("articles.csv", "text/csv;charset=utf-8", toolkit.csv())));
    at("list").addEventListener("click", (event) => {
      const link = event.target.closest("a.open");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      location.hash = address(link.closest("[data-doc]").dataset.doc);
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || toolkit.reader.isOpen()) return;
      const inField = event.target.closest("input, select, textarea");
      if (event.key === "/" && !inField) {
        event.preventDefault();
        at("q").focus();
        at("q").scrollIntoView({ block: "nearest" });
      } else if (event.target === at("q") && event.key === "ArrowDown") {
        event.preventDefault();
        step(1);
      } else if (event.target === at("q") && event.key === "Escape" && state.q) {
        event.preventDefault();
        at("q").value = state.q = "";
        changed();
      } else if (!inField && at("list").contains(event.target) && ["j", "k", "ArrowDown", "ArrowUp"].includes(event.key)) {
        event.preventDefault();
        step(event.key === "j" || event.key === "ArrowDown" ? 1 : -1);
      }
    });
    window.addEventListener("hashchange", () => follow(false));
  }

  async function begin() {
    data = await toolkit.loaded;
    if (!data) return;
    root.hidden = false;
    makeFacets();
    for (const [value, label] of Object.entries(SORTS)) at("sort").append(make("option", { value, text: label }));
    searched();
    listen();
    follow(true);
    performance.mark("explorer-ready");
    toolkit.ready = readHeads();
    if (state.q.trim()) aboutToSearch();
  }
  toolkit.standing = begin().catch((error) => {
    root.hidden = false;
    root.replaceChildren(make("p", { class: "flag", text: "This browser cannot unpack the explorer (" + error.message + "). All else on the page is complete without it." }));
  });
})();
