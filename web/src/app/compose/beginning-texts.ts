import { texts } from '../core/text/texts';

export const beginningTexts = texts(
  {
    title: 'Beginning',
    choose: 'Begin with a MIDI file',
    advice:
      'Go on from a tune of yours, or have it accompanied. Pieces in the library and on their pages can be taken, too.',
    what: 'What to do with it',
    continue: 'Continue it',
    accompany: 'Accompany it',
    bars: 'How much of it',
    allThatFit: 'All that fits',
    firstBars: 'The first bar|The first {n} bars',
    continueAdvice: 'The piece begins with it and goes on to as many bars as you set below.',
    accompanyAdvice: 'The melody stays as it is; chords are composed under it.',
    drop: 'Begin from nothing',
    tooLarge: 'A beginning may have at most 500 kB.',
    noModel: 'No model is loaded here that goes on from a beginning.',
  },
  {
    title: 'Comienzo',
    choose: 'Empezar con un archivo MIDI',
    advice:
      'Continúa una melodía tuya o haz que se acompañe. También valen las piezas de la biblioteca y de sus páginas.',
    what: 'Qué hacer con ella',
    continue: 'Continuarla',
    accompany: 'Acompañarla',
    bars: 'Cuánto de ella',
    allThatFit: 'Todo lo que quepa',
    firstBars: 'El primer compás|Los primeros {n} compases',
    continueAdvice: 'La pieza empieza con ella y sigue hasta los compases que fijes abajo.',
    accompanyAdvice: 'La melodía queda como está; debajo se componen acordes.',
    drop: 'Empezar de la nada',
    tooLarge: 'Un comienzo puede tener como mucho 500 kB.',
    noModel: 'Aquí no hay ningún modelo que continúe un comienzo.',
  },
);
