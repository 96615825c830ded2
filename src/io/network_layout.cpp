#include "network_layout.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "lazynet/core/error.hpp"
#include "lazynet/data/name_index.hpp"

namespace lazynet::io {
namespace {

constexpr std::array kRegulatorWords = {"regulator", "tf",  "source", "from",     "gene1",
                                        "protein1",  "reg", "node1",  "proteina", "regulatory_gene"};
constexpr std::array kTargetWords = {"target",   "to",  "gene2", "protein2",   "gene",    "target_gene",
                                     "affected", "aff", "node2", "targetgene", "proteinb"};
/// In order of preference.
constexpr std::array kWeightWords = {"weight", "mor",     "mean",       "score",         "sign",
                                     "effect", "value",   "edgeweight", "coefficient",   "importance",
                                     "mode",   "weights", "type",       "combined_score"};
constexpr std::array kSignWords = {"mor", "sign", "type", "mode"};

template <std::size_t N>
bool is_one_of(const std::array<const char*, N>& words, const std::string& text) {
    return std::find(words.begin(), words.end(), lower_case(text)) != words.end();
}

/// The first column that any of the words names, in the order of the words; -1: none.
template <std::size_t N>
Index column_of(const std::array<const char*, N>& words, const Fields& header) {
    for (const char* word : words) {
        for (std::size_t k = 0; k < header.size(); ++k) {
            if (lower_case(header[k]) == word) {
                return static_cast<Index>(k);
            }
        }
    }
    return -1;
}

bool is_number(const std::string& text) {
    double ignored = 0;
    return parse_number(text, ignored);
}

bool are_numbers(const Fields& fields, std::size_t from) {
    return std::all_of(fields.begin() + static_cast<std::ptrdiff_t>(std::min(from, fields.size())), fields.end(),
                       is_number);
}

bool is_weight(const std::string& text) {
    return is_number(text) || sign_word(text);
}

void name_columns(const Fields& header, Layout& layout) {
    layout.has_header = true;
    layout.weight = column_of(kWeightWords, header);
    layout.sd = column_of(std::array{"sd"}, header);
    layout.selected = column_of(std::array{"selected"}, header);
    if (layout.weight < 0 && header.size() == 3 && layout.regulator < 2 && layout.target < 2) {
        layout.weight = 2;
    }
    if (layout.weight >= 0) {
        layout.weight_name = header[static_cast<std::size_t>(layout.weight)];
        layout.is_sign = is_one_of(kSignWords, layout.weight_name);
    }
}

/// An edge list whose header may be absent or have names we do not know.
void layout_of_edges(const Fields& first, const Fields& second, Layout& layout) {
    const bool has_weight = first.size() > 2 || second.size() > 2;
    layout.weight = has_weight ? 2 : -1;
    if (first.size() > 2 && second.size() > 2 && !is_weight(first[2]) && is_weight(second[2])) {
        name_columns({"", "", first[2]}, layout);
    }
}

/// Numbers only: a matrix, or indices, unless the names of the genes are such numbers.
void layout_of_numbers(const Fields& first, std::span<const std::string> genes, Layout& layout) {
    if (first.size() > 3) {
        layout.kind = Layout::Kind::matrix;
        return;
    }
    const bool are_names = std::find(genes.begin(), genes.end(), first[0]) != genes.end();
    layout.kind = are_names ? Layout::Kind::edges : Layout::Kind::indices;
    layout.weight = first.size() > 2 ? 2 : -1;
}

/// Runs of blanks become one.
void squeeze(std::string_view line, std::string& squeezed) {
    squeezed.clear();
    for (const char c : line.substr(std::min(line.find_first_not_of(' '), line.size()))) {
        if (c != ' ' || squeezed.back() != ' ') {
            squeezed += c;
        }
    }
}

void trim(std::string& text) {
    while (!text.empty() && text.back() == ' ') {
        text.pop_back();
    }
    text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
}

char separator_in(std::string_view line) {
    if (line.find('\t') != std::string_view::npos) {
        return '\t';
    }
    return line.find(',') != std::string_view::npos ? ',' : ' ';
}

}  // namespace

/// +1 or -1 for a word that tells a direction; 1 for one that tells there is none.
std::optional<float> sign_word(const std::string& text) {
    const std::string word = lower_case(text);
    if (word == "+" || word == "unknown" || word == "activation" || word == "activates" || word == "activator") {
        return 1.0f;
    }
    if (word == "-" || word == "repression" || word == "represses" || word == "repressor" || word == "inhibition" ||
        word == "inhibits") {
        return -1.0f;
    }
    return std::nullopt;
}

Layout layout_of(const Fields& first, const Fields& second, std::span<const std::string> genes) {
    Layout layout;
    const bool is_index_header = first.size() >= 2 && is_one_of(std::array{"row", "i"}, first[0]) &&
                                 is_one_of(std::array{"col", "column", "j"}, first[1]);
    const bool has_names = std::none_of(first.begin(), first.end(), is_number);
    const Index regulator = has_names ? column_of(kRegulatorWords, first) : -1;
    const Index target = has_names ? column_of(kTargetWords, first) : -1;
    if (is_index_header) {
        layout.kind = Layout::Kind::indices;
        layout.has_header = true;
        layout.weight = first.size() > 2 ? 2 : -1;
    } else if (regulator >= 0 && target >= 0 && !(second.size() > 3 && are_numbers(second, 1))) {
        layout.regulator = regulator;
        layout.target = target;
        name_columns(first, layout);
    } else if (are_numbers(first, 0)) {
        layout_of_numbers(first, genes, layout);
    } else if (first.size() > 2 && are_numbers(first, 1)) {
        layout.kind = Layout::Kind::matrix;
        layout.has_row_names = true;
    } else if (second.size() > 2 && are_numbers(second, 1)) {
        layout.kind = Layout::Kind::matrix;
        layout.has_header = true;
        layout.has_row_names = !is_number(second[0]) || first.size() + 1 == second.size() || first[0].empty();
        const bool has_corner = layout.has_row_names && first.size() == second.size();
        layout.columns.assign(first.begin() + (has_corner ? 1 : 0), first.end());
    } else {
        layout_of_edges(first, second, layout);
    }
    return layout;
}

bool FieldReader::next(Fields& fields) {
    std::string_view line;
    do {
        if (!file_.next(line)) {
            return false;
        }
        if (file_.line_number() == 1 && line.starts_with("\xEF\xBB\xBF")) {  // the byte order mark of Excel's CSV
            line.remove_prefix(3);
        }
    } while (line.find_first_not_of(" \t,") == std::string_view::npos || line.front() == '#');
    if (separator_ == 0) {
        separator_ = separator_in(line);
    }
    if (separator_ == ' ') {
        squeeze(line, squeezed_);
        trim(squeezed_);
        line = squeezed_;
    }
    split_fields(line, separator_, fields);
    for (std::string& field : fields) {
        trim(field);
    }
    return true;
}

std::string FieldReader::where() const {
    return file_.path() + ": " + line();
}

std::string FieldReader::line() const {
    return "line " + std::to_string(file_.line_number());
}

}  // namespace lazynet::io
