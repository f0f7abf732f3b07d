import { browserName } from './browser-name';

describe('browserName', () => {
  it('names the browser and the system', () => {
    const chrome =
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
    expect(browserName(chrome, 'en')).toBe('Chrome on Linux');
    expect(browserName(`${chrome} Edg/141.0.0.0`, 'es')).toBe('Edge en Linux');
    const phone =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1';
    expect(browserName(phone, 'en')).toBe('Safari on iOS');
    expect(browserName('euterpe-cli/0.1.0', 'en')).toBe('euterpe-cli/0.1.0');
  });
});
