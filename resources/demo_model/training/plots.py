# SPDX-License-Identifier: Apache-2.0
"""Small story grammar: plots in spintax, so that a very small model learns stories that follow the request.

$N the hero's name, $A article + kind ("a little dragon"), $He/$he/$him/$his its pronouns, $F a friend's
name, $G the friend's kind, $T the thing, $P the place ("the park"), $I in it ("at the beach"), $C a colour.
"""

OPEN = "{Once upon a time, there was $A named $N.|Once there was $A whose name was $N.|Once upon a time, $A named $N lived near $P.|There once was $A called $N.}"
LIKE = "{$He loved to play $I.|Every day $he played $I.|$He liked $P very much.|$He was kind and always ready to help.|$He was small, but $he was very brave.}"
FRIEND = "{$a_G named $F|a friendly $G called $F|a little $G whose name was $F}"
HAPPY = "{From that day on, $N and $F were best friends.|They laughed and played until the sun went down.|And they lived happily ever after.|That night, $N slept well and dreamed of the $T.|$N and $F played together every day.}"
MORAL = "{$N learned that sharing makes everyone happy.|$N learned that it is good to ask for help.|$N learned that a true friend is the best thing of all.|$N learned that you should never give up.|$N learned to be careful.}"

PLOTS = [
    # lost and found
    OPEN + " " + LIKE + " $He had a $C $T, and it was $his favourite thing.\n\nOne day, $N could not find the $T. $He looked under the bed and behind the door, but it was not there. $N was very sad.\n\n"
    "Then $he met " + FRIEND + ". \"Why are you sad?\" asked $F. \"I lost my $T,\" said $N. \"{Do not worry|Don't be sad}, I will help you,\" said $F.\n\n"
    "They looked together $I. At last $F saw something $C {under a tree|behind a big rock|in the tall grass}. It was the $T! \"Thank you, $F!\" said $N. " + HAPPY,
    # sharing
    OPEN + " " + LIKE + "\n\nOne sunny day, $N found a $C $T $I. It was {so pretty|big and shiny|very special}. $N wanted to keep it.\n\n"
    "Soon " + FRIEND + " came along. \"What a nice $T!\" said $F. \"Can I play too?\" At first $N said no. $F was sad and went away.\n\n"
    "$N played with the $T alone, but it was not much fun. So $he ran after $F and said, \"I am sorry. Let us share the $T.\" $F smiled.\n\n" + HAPPY + " " + MORAL,
    # stuck in a tree
    OPEN + " " + LIKE + " One day, $he took $his $C $T to $P.\n\nThe wind was strong. It took the $T and carried it up into a tall tree. \"Oh no!\" said $N. \"My $T is too high!\"\n\n"
    "$N jumped and jumped, but $he could not reach it. Then " + FRIEND + " came by. \"I can help you,\" said $F. $F climbed up the tree and {shook the branch|pushed the $T}. The $T fell down, and $N caught it.\n\n"
    "\"Thank you!\" said $N. " + HAPPY + " " + MORAL,
    # a gift
    OPEN + " $N had a friend, " + FRIEND + ". It was $F's birthday, and $N wanted to give $F {something special|a nice present}.\n\n"
    "$N went to $P and looked for a present. $He saw flowers and stones, but they were not right. Then $he saw a $C $T. \"This is {perfect|just right}!\" said $N.\n\n"
    "$N put the $T in a box and took it to $F. $F opened the box and smiled. \"A $C $T! I always wanted one. Thank you, $N!\" They ate cake and sang songs. " + HAPPY,
    # afraid
    OPEN + " $N was afraid of {the dark|loud noises|deep water}. All the others played $I, but $N stayed at home with $his $C $T.\n\n"
    "One day, $N heard a small voice. \"Help! Help!\" It was " + FRIEND + ". $F had fallen into a hole $I.\n\n"
    "$N was afraid, but $he wanted to help. $He took the $T and ran as fast as $he could. $F held on to the $T, and $N pulled and pulled. At last $F was free!\n\n"
    "\"You are so brave!\" said $F. $N smiled. $He was not afraid any more. " + HAPPY,
    # making something
    OPEN + " " + LIKE + "\n\nOne day, $N said, \"I want to make a $T.\" $He took some wood, some paper and some $C paint. $He worked all morning, but the $T broke. $N was sad.\n\n"
    "Then " + FRIEND + " came to visit. \"Let us try again,\" said $F. They worked together. $N held the wood and $F painted it $C.\n\n"
    "When the sun went down, the $T was ready. It was the best $T in the whole town. They took it to $P and everyone clapped. " + HAPPY + " " + MORAL,
    # the rain
    OPEN + " " + LIKE + "\n\nOne day, $N was $I with $his $C $T. Suddenly, dark clouds came and it began to rain. \"I must go home,\" said $N. But the path was wet, and $he could not see the way.\n\n"
    "\"Come here!\" called a voice. It was " + FRIEND + ". $F had a warm little house. $N and $F sat by the fire, drank hot milk and played with the $T.\n\n"
    "Soon the rain stopped, and a big rainbow was in the sky. $F showed $N the way home. \"Thank you for your help,\" said $N. " + HAPPY,
    # magic
    OPEN + " One day, $he found an old $C $T $I. It was magic! When $N touched it, a soft voice said, \"You may make one wish.\"\n\n"
    "$N thought for a long time. $He could wish for toys or for cake. Then $he saw " + FRIEND + ". $F was {hungry and cold|all alone|crying}.\n\n"
    "\"I wish that $F is happy,\" said $N. The $T began to shine. $F smiled and said, \"Thank you! That was a kind wish.\" The magic was gone, but $N had a new friend. " + HAPPY,
    # race
    OPEN + " $N and " + FRIEND + " wanted to see who was the fastest. \"Let us race to the end of $P,\" said $F. \"The winner gets the $C $T.\"\n\n"
    "They ran and ran. $F was faster, but then $F fell and hurt a foot. $N could win now! But $N stopped and went back. \"Are you okay?\" asked $N.\n\n"
    "$N helped $F to stand up, and they walked to the end together. \"We both win,\" said $F. They shared the $T. " + HAPPY + " " + MORAL,
    # mean at first
    OPEN + " $N had a $C $T and played with it $I every day.\n\nOne day, $a_big $G named $F came and took the $T. \"It is mine now!\" said $F. $N was sad, but $he was not angry. \"You can play with it,\" said $N, \"but please be careful.\"\n\n"
    "$F was surprised. Nobody had ever been so kind to $F. \"I am sorry,\" said $F and gave the $T back. \"I only wanted a friend.\"\n\n"
    "\"Then let us be friends,\" said $N. " + HAPPY + " " + MORAL,
    # a map
    OPEN + " " + LIKE + "\n\nOne morning, $N found an old map under a stone. There was a big X on it. \"It is a treasure map!\" said $N. $He ran to " + FRIEND + " and showed the map.\n\n"
    "They walked over the hills and through the trees. The way was long, and they were tired. But they did not give up. Then, $I, they saw the X. They began to dig.\n\n"
    "Soon they found a box. They opened it, and inside was a $C $T! \"It is beautiful,\" said $F. \"It belongs to both of us,\" said $N. " + HAPPY + " " + MORAL,
    # broken
    OPEN + " $He had a $C $T from $his grandma. $He took it everywhere.\n\nOne day, $N played with the $T $I. $He ran too fast and fell down. The $T broke! $N began to cry. \"Grandma will be sad,\" $he said.\n\n"
    "$F the $G heard $N and came to help. \"I know how to fix it,\" said $F. They used glue and a piece of string. They worked slowly and carefully.\n\n"
    "At last the $T was as good as new. $N told grandma what had happened. Grandma smiled and said, \"I am proud that you told me the truth.\" " + MORAL,
    # star
    OPEN + " Every night, $he looked at the stars and made a wish. \"I wish I had a $T,\" $he said.\n\nOne night, a star fell from the sky. It fell $I, and $N ran to look. There was a $C $T, and it was shining!\n\n"
    "Next to it sat $F, a small $G. \"I am lost,\" said $F. \"I do not know the way home.\" $N took $F by the hand. The $T gave them light, and they found the way together.\n\n"
    "\"You may keep the $T,\" said $F, \"because you are so kind.\" " + HAPPY,
    # shy
    OPEN + " $N was new in town and very shy. $He sat $I with $his $C $T and watched the others play. $He wanted to play too, but $he did not know what to say.\n\n"
    "Then " + FRIEND + " came and sat down next to $him. \"Hello! What a nice $T,\" said $F. \"Can you show me how it works?\" $N smiled and showed it to $F.\n\n"
    "Soon all the others came to see the $T. They laughed and played together. $N was not shy any more. " + HAPPY,
    # soup
    OPEN + " One cold day, $N was very hungry, but there was no food in the house. $He only had a $C $T.\n\n$N went to $P and met " + FRIEND + ". \"I have a big pot of soup,\" said $F, \"but I am so lonely. Nobody plays with me.\"\n\n"
    "\"I can play with you!\" said $N. They ate the warm soup, and then they played with the $T until it was dark. $N was not hungry any more, and $F was not lonely any more. " + HAPPY + " " + MORAL,
]
SHORT = [
    OPEN + " $He had a $C $T. One day, $he took the $T to $P and met " + FRIEND + ". They played with the $T all day. When the sun went down, they went home. They were tired but happy.",
    OPEN + " " + LIKE + " One day, $he saw a $C $T $I. It belonged to " + FRIEND + ". $N gave it back, and $F said, \"Thank you! You are very kind.\" " + HAPPY,
    OPEN + " $He wanted a $T more than anything. One morning, $F the $G came to $P and said, \"Look what I have for you!\" It was a $C $T. $N was so happy that $he danced and sang. " + HAPPY,
]

ANIMALS = "dragon cat dog bear rabbit bunny fox mouse bird duck frog horse pig cow lion tiger elephant monkey squirrel owl turtle fish whale puppy kitten sheep goat hen chick bee butterfly snail crab penguin wolf deer giraffe zebra hedgehog dinosaur unicorn parrot hippo camel swan goose snake lamb pony worm ant spider seal dolphin koala kangaroo panda robot fairy ghost wizard princess prince king queen pirate knight farmer monster giant elf witch train car truck tractor".split()
THINGS = "ball kite boat hat box book doll drum bell balloon cake cup bike flower key lamp map ring rope stone star shell spoon pot coat scarf shoe ribbon basket bag bucket ladder blanket pillow mirror apple pear cookie umbrella toy puzzle crown flute whistle lantern feather leaf egg coin candle jar button sock necklace carrot pumpkin sandwich berry wagon sled plane rocket train car truck chair picture paintbrush pencil stick guitar trumpet swing tent telescope clock".split()
PLACES = [("in", "the " + p) for p in "park forest garden meadow woods yard village hills castle field town".split()] + [
    ("at", "the " + p) for p in "beach river lake sea pond market playground".split()] + [("on", "the " + p) for p in "farm mountain island hill".split()]
COLOURS = "red blue green yellow orange pink purple white brown golden silver".split()
GIRLS = "Lily Lucy Anna Jane Sara Mia Molly Sue Sarah Jill Amy Mary Emma Jenny Ella Nora Ruby Clara Zoe Alice Kate Rosa Ida Maya Lena Bella".split()
BOYS = "Timmy Ben Tom Tim Jack John Bob Joe Tommy Billy Jimmy Peter Jim Bobby Leo Max Sam Oliver Finn Hugo Noah Henry Luke Paul Oscar Adam Emil".split()
# Nouns looked for in corpus stories so that the request names what the story is about.
NOUNS = set(ANIMALS + THINGS + """tree house park garden beach forest lake river sea mountain hill castle farm zoo school store shop kitchen bed table window door
bread soup pie ice cream candy cheese milk lemon banana orange tomato corn potato onion salad pizza honey jam sugar cherry grape
sun moon rain snow snowman cloud rainbow wind storm puddle sand rock mud fire ice water mother father mom dad grandma grandpa baby brother sister friend teacher doctor
game race song dance party birthday picnic trip treasure magic secret gift present surprise letter paper paint crayon marker block blocks puzzle phone camera radio
dress shirt skirt jacket boots gloves mittens belt pocket wallet purse jewel diamond gem needle thread button pin knife fork plate bowl bottle glass oven fridge soap towel bath brush comb
bus ship submarine helicopter airplane bicycle motorcycle wheel engine road bridge tunnel station tower wall fence gate ladder slide seesaw nest cave hole well pond island jungle desert
mailman policeman fireman nurse soldier captain sailor cook baker painter singer clown dancer thief hunter worker boss judge
ballerina angel mermaid troll vampire zombie alien superhero statue sculpture fountain bench lighthouse windmill barn pigeon crow eagle hawk raven peacock ostrich octopus jellyfish shark lobster shrimp oyster
lizard toad crocodile alligator rat hamster guinea rooster turkey donkey mule bull calf pet collar leash bone tail wing paw mane fur whistle trumpet violin piano guitar microphone stage""".split())
