"""The words that edge, platform and provisioning speak. Pure; imports nobody."""
