// Before the first paint: applies the user's theme, language and collapsed navigation.
(function () {
  try {
    var theme = localStorage.getItem('euterpe.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    var language = localStorage.getItem('euterpe.language') || navigator.language.slice(0, 2);
    document.documentElement.lang = language === 'es' ? 'es' : 'en';
    if (localStorage.getItem('euterpe.folded') === 'true') document.documentElement.dataset.collapsed = '';
  } catch (error) {
    // Storage may be disabled; then the defaults apply.
  }
})();
