import { texts } from '../core/text/texts';

export const wordsTexts = texts(
  {
    label: 'Describe it in words',
    example: 'a sad waltz in D minor, 40 seconds',
    fill: 'Fill in',
    unsupported: 'Not possible with this model: {words}',
    unknown: 'Not understood: {words}',
  },
  {
    label: 'Descríbela con palabras',
    example: 'un vals triste en re menor, 40 segundos',
    fill: 'Rellenar',
    unsupported: 'No es posible con este modelo: {words}',
    unknown: 'No se ha entendido: {words}',
  },
);
