/** Spanish translations of the texts of ensemble models. Keys are in lower case. */
export const SPANISH_ENSEMBLE_LABELS: Readonly<Record<string, string>> = {
  ensemble: 'Conjunto',
  'composes for up to sixteen instruments, bar by bar, in the style, key and meter you ask for.':
    'Compone para hasta dieciséis instrumentos, compás a compás, en el estilo, la tonalidad y el compás que pidas.',
  'some sources state no licence or permit non-commercial use only: clear the use of the pieces before you sell them.':
    'Algunas fuentes no declaran licencia o solo permiten usos no comerciales: aclara el uso de las piezas antes de venderlas.',
  'openscore (cc0-1.0), pop909 (mit), nottingham (gpl-3.0), music21 (permission of the encoders), public files without a licence':
    'OpenScore (CC0-1.0), POP909 (MIT), Nottingham (GPL-3.0), music21 (permiso de sus editores), archivos públicos sin licencia',
  automatic: 'Automático',
  instruments: 'Instrumentos',
  chords: 'Acordes',
  'simultaneous notes': 'Notas simultáneas',
  'genre, kind and composer; any leaves it to the model.': 'Género, tipo y compositor; «cualquiera» lo deja al modelo.',
  'up to 16 instruments, separated by commas; a name may be repeated for a second player.':
    'Hasta 16 instrumentos; puedes repetir uno para un segundo intérprete.',
  'tonic and mode; any leaves it to the model.': 'Tónica y modo; «cualquiera» lo deja al modelo.',
  'time signature of all bars; any: usual in the style.':
    'Compás de toda la pieza; «cualquiera»: el habitual del estilo.',
  'not set: usual in the style.': 'Sin valor: el habitual del estilo.',
  'length of the piece, which ends at the last bar line.': 'Duración de la pieza, que acaba en la última barra.',
  'bars separated by |, one or two chords in each; repeated until the end of the piece.':
    'Compases separados por |, con uno o dos acordes cada uno; se repiten hasta el final.',
  'of several last two bars, the best are kept: typical ends on the tonic as often as real pieces of the style do, tonic whenever possible, off takes the first ones.':
    'De varios finales de dos compases se conserva el mejor: «típico» acaba en la tónica tan a menudo como las piezas reales del estilo, «en la tónica» siempre que es posible, «no» toma el primero.',
  'how many notes there are.': 'Cuántas notas hay.',
  'how many notes sound at the same time, on average.': 'Cuántas notas suenan a la vez, de media.',
  'lower is more predictable and repeats itself more; above 1.1 it becomes random.':
    'Más baja es más previsible y se repite más; por encima de 1,1 es azar.',
  'the next value is sampled from the most probable ones with this total probability.':
    'El siguiente valor se elige entre los más probables que suman esta probabilidad.',
  candidates: 'Candidatas',
  'pieces that are composed at once; the most likely one is kept.':
    'Piezas que se componen a la vez; se conserva la más probable.',
  'pieces that are composed at once; the best one is kept.': 'Piezas que se componen a la vez; se conserva la mejor.',
  'very low': 'Muy baja',
  low: 'Baja',
  high: 'Alta',
  'very high': 'Muy alta',
  'art song': 'Canción de concierto',
  'classical period': 'Clasicismo',
  chorale: 'Coral',
  'string quartet': 'Cuarteto de cuerda',
  air: 'Aire',
  carol: 'Villancico',
  'chinese song': 'Canción china',
  'folk song': 'Canción popular',
  hornpipe: 'Hornpipe',
  jig: 'Jiga',
  reel: 'Reel',
  song: 'Canción',
  strathspey: 'Strathspey',
  waltz: 'Vals',
  solo: 'Solo',
};
