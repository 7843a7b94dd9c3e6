"use strict";
// Unpacks the articles of the page into `toolkit.data`; `toolkit.loaded` is a promise of it.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});
  const packed = (name) => {
    const element = document.getElementById("packed-" + name);
    return element ? element.textContent.trim() : "";
  };

  function inflate(base64) {
    const binary = atob(base64);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).arrayBuffer();
  }
  const decoder = new TextDecoder();
  const text = async (base64) => (base64 ? decoder.decode(await inflate(base64)) : "");
  const lines = async (base64, n) => (base64 ? (await text(base64)).split("\n") : new Array(n).fill(""));

  // The columns lie one after the other, widest first.
  function columnsOf(buffer, layout) {
    const columns = {};
    let at = 0;
    for (const [name, width, length] of layout) {
      const kind = width === 4 ? Uint32Array : width === 2 ? Uint16Array : Uint8Array;
      columns[name] = new kind(buffer, at, length);
      at += width * length;
    }
    return columns;
  }

  // Lists of codes: those of row i are codes[starts[i]] to codes[starts[i + 1] - 1].
  function listsOf(counts, codes) {
    const starts = new Uint32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) starts[i + 1] = starts[i] + counts[i];
    return { starts, codes };
  }

  async function load() {
    const [tables, facts, titles, names] = await Promise.all([
      text(packed("tables")).then(JSON.parse),
      inflate(packed("facts")),
      text(packed("titles")),
      text(packed("ids")).then(JSON.parse),
    ]);
    const n = tables.n;
    const columns = columnsOf(facts, tables.columns);
    const data = {
      n,
      tables,
      columns,
      ids: names.ids,
      titles: n ? titles.split("\n") : [],
      hashes: columns.hash,
      themes: listsOf(columns.theme_n, columns.theme),
      places: listsOf(columns.place_n, columns.place),
    };
    data.file = (row) => (names.files ? names.files[names.file ? names.file[row] : 0] : "");
    data.score = (row) => (columns.relevance[row] === tables.missing ? null : columns.relevance[row] / tables.steps);
    let rows = null;
    data.rowOf = (id) => {
      if (!rows) rows = new Map(data.ids.map((name, row) => [name, row]));
      return rows.has(id) ? rows.get(id) : -1;
    };
    data.themesOf = (row) => Array.from(data.themes.codes.subarray(data.themes.starts[row], data.themes.starts[row + 1]));
    data.placesOf = (row) => Array.from(data.places.codes.subarray(data.places.starts[row], data.places.starts[row + 1]));

    // What is not needed for the first list is unpacked after it.
    let extras = null;
    data.extras = () => {
      extras =
        extras ||
        Promise.all([lines(packed("leads"), n), lines(packed("urls"), n)]).then(([leads, urls]) => {
          data.leads = leads;
          data.urls = urls;
        });
      return extras;
    };
    data.leads = [];
    data.urls = [];

    data.dots = async () => columnsOf(await inflate(packed("map")), tables.map); // of the map

    let stored = null;
    const block = async (i) => {
      stored = stored || packed("texts").split("\n");
      return JSON.parse(await text(stored[i]));
    };
    const blockOf = new Map();
    tables.blocks.forEach((held, i) => held.forEach((row, place) => blockOf.set(row, [i, place])));
    data.nTexts = blockOf.size;
    data.hasText = (row) => blockOf.has(row);
    let last = [-1, null];
    // The article of a row: {url, file, reasons, segments}, or null where its text is not in the page.
    data.article = async (row) => {
      if (!blockOf.has(row)) return null;
      const [i, place] = blockOf.get(row);
      if (last[0] !== i) last = [i, await block(i)];
      const [url, file, reasons, segments] = last[1][place];
      return { url, file, reasons, segments: placed(segments) };
    };
    // Calls `see(rows, texts)` for the kept text of every article in the page, a block of them at a time.
    data.eachText = async (see) => {
      for (let i = 0; i < tables.blocks.length; i++) {
        const articles = await block(i);
        const kept = (article) => article[3].filter((segment) => segment[2] < 0).map((segment) => segment[0]);
        see(tables.blocks[i], articles.map((article) => kept(article).join(" ")));
        await toolkit.pause();
      }
    };
    const verdicts = tables.verdicts;
    const characters = (words) => words.length - (words.match(/[\ud800-\udbff][\udc00-\udfff]/g) || []).length;
    function placed(segments) {
      let end = 0;
      return segments.map(([words, role, reason, verdict, gap, topic, themes]) => {
        const start = end + gap;
        end = start + characters(words);
        return {
          start,
          end,
          text: words,
          role: tables.roles[role][0],
          label: tables.roles[role][1],
          kept: reason < 0,
          reason: reason < 0 ? "" : tables.reasons[reason],
          verdict: verdicts[verdict],
          topic,
          themes: themes.map((theme) => tables.text_themes[theme]),
        };
      });
    }
    return data;
  }

  const ENTITIES = { nbsp: " ", amp: "&", quot: '"', "#39": "'", rsquo: "’", lsquo: "‘", ldquo: "“", rdquo: "”", ndash: "–", mdash: "—", hellip: "…" };
  // Characters that could disturb a page or deceive its reader, made visible; the text stays a text.
  toolkit.clean = (words) =>
    String(words)
      .replace(/&(nbsp|amp|quot|#39|rsquo|lsquo|ldquo|rdquo|ndash|mdash|hellip);/g, (found, name) => ENTITIES[name])
      .replace(/[\x00-\x08\x0e-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
      .replace(/[\u202a-\u202e\u2066-\u2069]/g, (c) => "[U+" + c.charCodeAt(0).toString(16).toUpperCase() + "]")
      .replace(/[\x7f-\x9f\ud800-\udfff\ufffe\uffff]/gu, "\ufffd")
      .replace(/[\u00ad\u061c\u200e\u200f\ufeff\u206a-\u206f]/g, "")
      .replace(/[\ue000-\uf8ff]/g, "•")
      .replace(/([\u0300-\u036f]{4})[\u0300-\u036f]+/g, "$1");

  // What the reader does comes before what follows.
  toolkit.pause = () => (window.scheduler && scheduler.yield ? scheduler.yield() : new Promise((done) => setTimeout(done)));

  // An element: its name, what it has (class, text, data-..., attributes), and its children.
  toolkit.make = (name, has, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(has || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key === "text") element.textContent = value;
      else if (key === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
      else if (key === "data") Object.assign(element.dataset, value);
      else element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  toolkit.number = (n) => n.toLocaleString("en-US");
  toolkit.count = (n, one, many) => toolkit.number(n) + " " + (n === 1 ? one : many || one + "s");

  toolkit.loaded = document.getElementById("packed-tables") ? load() : Promise.resolve(null);
  toolkit.loaded = toolkit.loaded.then((data) => (toolkit.data = data));
})();
