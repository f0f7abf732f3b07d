import { texts } from '../core/text/texts';

export const playInTexts = texts(
  {
    start: 'Play a beginning',
    area: 'Keyboard. Keys A to K are C to C, W to U the black keys.',
    hint: 'Click here and play on the keys A to K, tap the keys, or use a MIDI keyboard.',
    tempo: 'Tempo in bpm',
    connected: 'MIDI keyboard: {name}',
    notConnected: 'No MIDI keyboard is connected.',
    noMidi: 'This browser does not support MIDI keyboards.',
    notes: 'One note|{n} notes',
    use: 'Use it',
    clear: 'Start over',
    cancel: 'Cancel',
    title: 'My beginning',
  },
  {
    start: 'Tocar un comienzo',
    area: 'Teclado. Las teclas A a K son de do a do, W a U las negras.',
    hint: 'Haz clic aquí y toca con las teclas A a K, pulsa las teclas o usa un teclado MIDI.',
    tempo: 'Tempo en ppm',
    connected: 'Teclado MIDI: {name}',
    notConnected: 'No hay ningún teclado MIDI conectado.',
    noMidi: 'Este navegador no admite teclados MIDI.',
    notes: 'Una nota|{n} notas',
    use: 'Usar',
    clear: 'Empezar de nuevo',
    cancel: 'Cancelar',
    title: 'Mi comienzo',
  },
);
