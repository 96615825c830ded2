#include "screen_options.hpp"

#include <string>
#include <vector>

#include "options.hpp"

namespace lazynet::cli {

void add_screen_options(po::options_description& group, ScreenOptions& options) {
    auto add = group.add_options();
    add("pert-col", po::value(&options.pert_col), "obs column of perturbation labels [found]");
    add("control", po::value(&options.control),
        "label of control cells; repeat it, or give a comma list [usual names]");
    add("separator", po::value(&options.separator),
        "between the genes of a label; none: never split [+ , ; and _ between known genes]");
    add("context-col", po::value(&options.context_col), "obs column of cell types or lines; none: one context [found]");
    add("batch-col", po::value(&options.batch_col), "obs column of batches; none: one batch [found]");
    add("layer", po::value(&options.layer), "matrix to read: a name in layers, or raw; 10x: the genome [X]");
    add("gene-names", po::value(&options.gene_names),
        "var column of gene names, or index [index; a symbol column if it holds ENSEMBL ids]");
    add("obs", po::value(&options.obs_file), "CSV or TSV of labels, first column barcodes, for files without labels");
    add("where", po::value(&options.where),
        "use only cells with COLUMN OP VALUE, as in 'guide_frac>0.6'; may be repeated");
    add("genes", po::value(&options.genes_file),
        "use only the genes in this file, one per line, and the measured perturbed ones");
    add("duplicate-genes", bind(options.duplicate_genes),
        "gene names that occur twice: error, first, drop (all of them), suffix");
    add("normalization", bind(options.normalization),
        "what the values are: auto, counts, log1p, none (as they are, of either sign)");
    add("rows", bind(options.rows),
        "what a row is: cells, conditions (their mean profiles); auto: conditions if the values are used as they are "
        "and every label occurs once");
    add("noise", po::value(&options.noise_file),
        "CSV or TSV of conditions and the sampling variance of their profile (summed over genes), where rows are "
        "conditions");
    add("min-cells-per-perturbation", bind(options.min_cells),
        "leave out perturbations (in a context) with fewer cells, and contexts with fewer controls");
}

}  // namespace lazynet::cli
