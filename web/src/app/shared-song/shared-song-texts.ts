import { texts } from '../core/text/texts';

export const sharedSongTexts = texts(
  {
    title: 'Shared piece',
    by: 'by {author}',
    download: 'Download',
    score: 'Score',
    continue: 'Continue this',
    compose: 'Compose a piece',
    until: 'This link is valid until {date}.',
    picture: 'Piano roll of {title}',
  },
  {
    title: 'Pieza compartida',
    by: 'de {author}',
    download: 'Descargar',
    score: 'Partitura',
    continue: 'Continuar esta',
    compose: 'Componer una pieza',
    until: 'Este enlace es válido hasta el {date}.',
    picture: 'Rollo de pianola de {title}',
  },
);
