"""Users, roles, devices and tokens: who somebody is and what they may see."""
