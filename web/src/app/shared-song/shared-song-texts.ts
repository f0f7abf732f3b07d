import { texts } from '../core/text/texts';

export const sharedSongTexts = texts(
  {
    title: 'A shared piece',
    by: 'by {author}',
    download: 'Download',
    continue: 'Continue this',
    compose: 'Compose a piece of your own',
    until: 'This link works until {date}.',
    picture: 'Piano roll of {title}',
  },
  {
    title: 'Una pieza compartida',
    by: 'de {author}',
    download: 'Descargar',
    continue: 'Continuar esta',
    compose: 'Componer una pieza propia',
    until: 'Este enlace funciona hasta el {date}.',
    picture: 'Rollo de pianola de {title}',
  },
);
