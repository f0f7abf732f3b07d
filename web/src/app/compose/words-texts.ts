import { texts } from '../core/text/texts';

export const wordsTexts = texts(
  {
    label: 'Describe it in words',
    example: 'sad waltz in D minor',
    fill: 'Fill in',
    unsupported: 'Not possible with this model: {words}',
    unknown: 'Not understood: {words}',
  },
  {
    label: 'Descríbela con palabras',
    example: 'vals triste en re menor',
    fill: 'Rellenar',
    unsupported: 'No es posible con este modelo: {words}',
    unknown: 'No se ha entendido: {words}',
  },
);
