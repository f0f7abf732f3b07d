import { texts } from '../core/text/texts';

export const rightsTexts = texts(
  {
    title: 'What may I do with it?',
    use: 'Use it as you like: this project claims no rights in pieces. Passages can resemble the music that the model was trained on.',
    composed: 'Composed by {model}, licence {licence}.',
    corpus: 'Trained on one piece of the corpus “{name}”.|Trained on {n} pieces of the corpus “{name}”.',
    corpusUnknown: 'The model does not record the licence of its corpus.',
    imported: 'This piece was imported. What you may do with it depends on where it comes from.',
  },
  {
    title: '¿Qué puedo hacer con ella?',
    use: 'Úsala como quieras: este proyecto no reclama derechos sobre las piezas. Algunos pasajes pueden parecerse a la música con la que se entrenó el modelo.',
    composed: 'Compuesta por {model}, licencia {licence}.',
    corpus: 'Entrenado con una pieza del corpus «{name}».|Entrenado con {n} piezas del corpus «{name}».',
    corpusUnknown: 'El modelo no registra la licencia de su corpus.',
    imported: 'Esta pieza se importó. Lo que puedes hacer con ella depende de su procedencia.',
  },
);
