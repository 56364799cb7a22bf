// Replaced by the composition root.
return;
