"""What IRLLRec is compared with: backbones, other text alignments and the classics."""
