/** Spanish translations of the texts in model manifests: titles, descriptions, presets, parameters, units, choices. Keys are in lower case. */
export const SPANISH_LABELS: Readonly<Record<string, string>> = {
  'classical piano': 'Piano clásico',
  'composes piano textures, taught by 1,699 classical pieces.':
    'Compone texturas de piano, aprendidas de 1699 piezas clásicas.',
  'euterpe, in the style you choose': 'Euterpe, en el estilo que elijas',
  'composes in the style of a genre or a composer, as dense as you like.':
    'Compone en el estilo de un género o de un compositor, tan denso como quieras.',
  'public files, no licence stated': 'Archivos públicos, sin licencia declarada',
  'jazz solos': 'Solos de jazz',
  'improvises lines after parker, davis, coltrane and seventy others.':
    'Improvisa líneas a la manera de Parker, Davis, Coltrane y otros setenta.',
  'folk tunes': 'Melodías folk',
  'jigs, reels, waltzes and other dances of the british isles, with chords.':
    'Jigas, reels, valses y otras danzas de las islas británicas, con acordes.',
  'pop songs': 'Canciones pop',
  "pop melodies over a piano's accompaniment.": 'Melodías pop sobre un acompañamiento de piano.',
  style: 'Estilo',
  tempo: 'Tempo',
  density: 'Densidad',
  adventure: 'Aventura',
  temperature: 'Temperatura',
  transpose: 'Transposición',
  instrument: 'Instrumento',
  melody: 'Melodía',
  'melody instrument': 'Instrumento de la melodía',
  'accompaniment instrument': 'Instrumento del acompañamiento',
  accompaniment: 'Acompañamiento',
  key: 'Tonalidad',
  meter: 'Compás',
  bars: 'Compases',
  length: 'Extensión',
  'noise scale': 'Intensidad del ruido',
  strategy: 'Estrategia',
  ending: 'Final',
  form: 'Forma',
  'top k': 'Los k mejores',
  'top p': 'Núcleo (p)',
  'top k top p': 'k mejores y núcleo',
  'beam width': 'Anchura del haz',
  'beam groups': 'Grupos del haz',
  'beam diversity': 'Diversidad del haz',
  'repetition penalty': 'Penalización de repeticiones',
  'repetition window': 'Ventana de repeticiones',
  'no repeated sequences': 'Sin secuencias repetidas',
  'length penalty': 'Penalización de la extensión',
  precision: 'Precisión',
  'whose music it takes after. composers with many pieces in the corpus come out clearest.':
    'A la música de quién se parece. Los compositores con muchas piezas en el corpus salen más claros.',
  'notes per quarter: up to 2.9 is very sparse, from 7.9 on very dense.':
    'Notas por negra: hasta 2,9 es muy ralo, desde 7,9 muy denso.',
  'notes per quarter: up to 1.25 is very sparse, from 2.3 on very dense.':
    'Notas por negra: hasta 1,25 es muy ralo, desde 2,3 muy denso.',
  '1 composes as it learned to; less repeats what is likely, more takes risks. under 0.6: ruts.':
    '1 compone como aprendió; menos repite lo probable, más se arriesga. Por debajo de 0,6 se atasca.',
  'how fast it is played; the notes stay the same.': 'A qué velocidad se toca; las notas son las mismas.',
  'moves the whole piece; models write in c major or a minor.':
    'Mueve la pieza entera; los modelos escriben en do mayor o la menor.',
  'models learn from all instruments on one keyboard; plucked and struck ones suit best.':
    'Los modelos aprenden de todos los instrumentos en un teclado; van mejor los pulsados y percutidos.',
  'how long the piece is; a given beginning counts.': 'Cuánto dura la pieza; el comienzo que des cuenta.',
  'the corpus whose manner is taken up.': 'El corpus cuya manera se adopta.',
  'beats of a bar.': 'Pulsos de un compás.',
  'only notes of this scale are composed; any leaves it to the music.':
    'Solo se componen notas de esta escala; «cualquiera» lo deja a la música.',
  'chords under the melody; only accompanies a melody that you give, and changes nothing of it.':
    'Acordes bajo la melodía; «solo» acompaña una melodía que das, sin cambiarla.',
  'how the next note is chosen. greedy and beam search always give the same piece, and tend to loops.':
    'Cómo se elige la nota siguiente. La voraz y la de haz dan siempre la misma pieza y tienden a bucles.',
  'lower is more predictable and repeats itself more; above 1.2 it becomes random.':
    'Más baja es más previsible y se repite más; por encima de 1,2 es azar.',
  'only so many of the likeliest tokens may come.': 'Solo pueden venir tantos de los símbolos más probables.',
  'only the likeliest tokens that together have this probability may come.':
    'Solo pueden venir los símbolos más probables que juntos tienen esta probabilidad.',
  'above 1, notes that came lately come less likely.': 'Por encima de 1, lo que vino hace poco viene menos.',
  'how many steps back the penalty looks.': 'Cuántos pasos atrás mira la penalización.',
  'continuations that are kept at every step.': 'Continuaciones que se guardan en cada paso.',
  'above 1 favours more and shorter notes, below 1 fewer and longer ones.':
    'Por encima de 1, más notas y más cortas; por debajo, menos y más largas.',
  "groups of beams that avoid each other's tokens; must divide the width.":
    'Grupos de haces que evitan los símbolos de los otros; debe dividir la anchura.',
  'how strongly the groups avoid each other.': 'Con qué fuerza se evitan los grupos.',
  'length of the piece, including the prompt.': 'Duración de la pieza, incluido el comienzo.',
  'corpus whose style is imitated.': 'Corpus cuyo estilo se imita.',
  'time signature.': 'Compás.',
  'only notes of this scale are composed; any allows all notes.':
    'Solo se componen notas de esta escala; «cualquiera» permite todas.',
  'chords for the melody; only composes chords for the melody of the prompt, which is kept.':
    'Acordes para la melodía; «solo» compone acordes para la melodía del comienzo, que se conserva.',
  'how the next note is chosen. greedy and beam search always give the same piece and tend to loop.':
    'Cómo se elige la nota siguiente. Voraz y haz dan siempre la misma pieza y tienden a repetirse.',
  'number of most probable tokens from which the next one is sampled.':
    'Número de símbolos más probables entre los que se elige el siguiente.',
  'the next token is sampled from the most probable ones with this total probability.':
    'El siguiente símbolo se elige entre los más probables que suman esta probabilidad.',
  'above 1, notes that occurred recently become less likely.':
    'Por encima de 1, las notas recientes se vuelven menos probables.',
  'number of recent steps to which the penalty applies.': 'Número de pasos recientes a los que se aplica.',
  'no sequence of this many notes, chords and rests occurs twice in a part; 0 allows all. low values leave no motifs.':
    'Ninguna secuencia de tantas notas, acordes y silencios aparece dos veces en una parte; 0 las permite todas. Con valores bajos no quedan motivos.',
  'number of continuations kept at every step.': 'Número de continuaciones que se guardan en cada paso.',
  'above 1 favours more and shorter notes, below 1 fewer and longer notes.':
    'Por encima de 1, más notas y más cortas; por debajo, menos y más largas.',
  'groups of beams with different tokens; the number must divide the beam width.':
    'Grupos de haces con símbolos distintos; su número debe dividir la anchura del haz.',
  'strength of the penalty for tokens of other groups.': 'Fuerza de la penalización de los símbolos de otros grupos.',
  'of several last two bars, the best are kept: typical ends on the tonic as often as real pieces of the style do, tonic whenever possible, off takes the first ones. not with greedy or beam search, which always give the same bars.':
    'De varios finales de dos compases se conserva el mejor: «típico» acaba en la tónica tan a menudo como las piezas reales del estilo, «en la tónica» siempre que es posible, «no» toma el primero. No con las estrategias voraz y de haz, que dan siempre los mismos compases.',
  'aabb has two sections of 8 bars, each played twice: 32 bars.':
    'AABB tiene dos secciones de 8 compases, cada una tocada dos veces: 32 compases.',
  'how the next note is chosen. greedy and beam search always give the same piece; 5 and 3 of 5 measured ones hold a note over two bars, have no chords or loop.':
    'Cómo se elige la nota siguiente. Voraz y haz dan siempre la misma pieza; 5 y 3 de 5 medidas mantienen una nota más de dos compases, no tienen acordes o repiten un bucle.',
  'lower is more predictable. pieces that hold a note over two bars, have no chords or loop: 100 % at 0.3, 77 % at 0.5, 73 % at 0.65, 27 % at 0.95, 0 % at 1.3.':
    'Más baja es más previsible. Piezas que mantienen una nota más de dos compases, no tienen acordes o repiten un bucle: 100 % con 0,3, 77 % con 0,5, 73 % con 0,65, 27 % con 0,95, 0 % con 1,3.',
  typical: 'Típico',
  tonic: 'En la tónica',
  free: 'Libre',
  any: 'Cualquiera',
  on: 'Sí',
  off: 'No',
  only: 'Solo',
  calm: 'Tranquilo',
  dense: 'Denso',
  'very dense': 'Muy denso',
  sparse: 'Ralo',
  'very sparse': 'Muy ralo',
  medium: 'Medio',
  lively: 'Vivo',
  bold: 'Atrevido',
  safe: 'Prudente',
  wild: 'Salvaje',
  slow: 'Lento',
  fast: 'Rápido',
  classical: 'Clásico',
  baroque: 'Barroco',
  renaissance: 'Renacimiento',
  romantic: 'Romántico',
  modern: 'Moderno',
  'hip-hop': 'Hip-hop',
  jazz: 'Jazz',
  folk: 'Folk',
  pop: 'Pop',
  jigs: 'Jigas',
  reels: 'Reels',
  waltzes: 'Valses',
  slip: 'Jigas slip',
  morris: 'Danzas morris',
  xmas: 'Navidad',
  greedy: 'Voraz',
  sampling: 'Muestreo',
  beam: 'Haz',
  'quarters per minute': 'ppm',
  ashover: 'Colección de Ashover',
  hpps: 'Hornpipes',
  playford: 'Danzas de Playford',
  semitones: 'semitonos',
  'notes per second': 'notas por segundo',
};
