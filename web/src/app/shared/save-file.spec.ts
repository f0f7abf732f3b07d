import { fileName } from './save-file';

describe('fileName', () => {
  it('keeps letters of any alphabet and replaces characters that file systems reject', () => {
    expect(fileName('Für Elise: ¿otra/vez?', 'mid')).toBe('Für Elise ¿otra vez .mid'.replace(' .', '.'));
    expect(fileName('///', 'mp3')).toBe('euterpe.mp3');
  });
});
