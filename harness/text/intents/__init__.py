"""From reviews to intents: documents of train pairs, a writer's answers, profiles and intents."""
