import { texts } from '../core/text/texts';

export const rightsTexts = texts(
  {
    title: 'What may I do with it?',
    use: 'Use it as you like: this project claims no rights in pieces. Passages can resemble the music that the model was trained on.',
    composed: 'Composed by {model}, licence {licence}.',
    corpus: 'Trained on one piece of the corpus “{name}”.|Trained on {count} pieces of the corpus “{name}”.',
    corpusSource: 'Origin and licence of the corpus: {source}.',
    card: 'About the model',
    corpusUnknown: 'The model does not record the licence of its corpus.',
    imported: 'This piece was imported. What you may do with it depends on where it comes from.',
  },
  {
    title: '¿Qué puedo hacer con ella?',
    use: 'Úsala como quieras: este proyecto no reclama derechos sobre las piezas. Algunos pasajes pueden parecerse a la música con la que se entrenó el modelo.',
    composed: 'Compuesta por {model}, licencia {licence}.',
    corpus: 'Entrenado con una pieza del corpus «{name}».|Entrenado con {count} piezas del corpus «{name}».',
    corpusSource: 'Procedencia y licencia del corpus: {source}.',
    card: 'Sobre el modelo',
    corpusUnknown: 'El modelo no registra la licencia de su corpus.',
    imported: 'Esta pieza se importó. Lo que puedes hacer con ella depende de su procedencia.',
  },
);
