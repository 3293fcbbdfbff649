"""A recorded exercise: an alert to every TLD, through a smarthost that misbehaves, to contacts who do so too."""
