"use strict";
// What a reader takes away as a file.
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});

  // What a spreadsheet would run, or a control character could break, as the tables of the run have it.
  function cell(value) {
    let words = String(value);
    const isFormula = /^(?:[\s\x1c-\x1f\x85\u200b\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n])/.test(words);
    words = words.replace(/\r\n?/g, "\n").replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "\ufffd");
    if (isFormula) words = "'" + words;
    return /[",\n]/.test(words) ? '"' + words.replace(/"/g, '""') + '"' : words;
  }
  // The articles of these rows as a table.
  toolkit.csvOf = (rows) => {
    const { data } = toolkit;
    const { tables, columns } = data;
    const names = ["document_id", "title", "outlet", "date", "language", "on_topic", "relevance", "themes", "topic", "places"];
    const withUrl = tables.urls === "all";
    const lines = [names.concat(withUrl ? ["url"] : []).join(",")];
    for (const row of rows) {
      const score = data.score(row);
      const cells = [
        data.ids[row],
        data.titles[row],
        tables.outlets[columns.outlet[row]],
        tables.dates[columns.date[row]],
        tables.languages[columns.language[row]],
        tables.verdicts[columns.verdict[row]],
        score === null ? "" : score,
        data.themesOf(row).map((code) => tables.themes[code][0]).join("; "),
        columns.topic[row] ? tables.topics[columns.topic[row]][1] : "",
        data.placesOf(row).map((code) => tables.places[code][0]).join("; "),
      ];
      if (withUrl) cells.push(data.urls[row]);
      lines.push(cells.map(cell).join(","));
    }
    return lines.join("\n") + "\n";
  };
  toolkit.save = (name, type, content) => {
    const url = URL.createObjectURL(new Blob([content], { type }));
    toolkit.make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  };
})();
