"use strict";
(function () {
  const toolkit = (window.toolkit = window.toolkit || {});
  toolkit.data = null;
})();
