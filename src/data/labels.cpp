#include "lazynet/data/labels.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace lazynet {
namespace {

constexpr std::array<std::string_view, 28> kControls{"ctrl",
                                                     "control",
                                                     "controls",
                                                     "non-targeting",
                                                     "nontargeting",
                                                     "non-target",
                                                     "nontarget",
                                                     "nt",
                                                     "ntc",
                                                     "dmso",
                                                     "dmso-tf",
                                                     "safe-targeting",
                                                     "safetargeting",
                                                     "unperturbed",
                                                     "non-targeting-control",
                                                     "nontargeting-control",
                                                     "negative-control",
                                                     "neg-control",
                                                     "neg-ctrl",
                                                     "negctrl",
                                                     "scramble",
                                                     "scrambled",
                                                     "scrambled-control",
                                                     "untreated",
                                                     "vehicle",
                                                     "mock",
                                                     "no-perturbation",
                                                     "control-guide"};

// The last one is a mean over perturbations that some published tables of centroids hold among them.
constexpr std::array<std::string_view, 27> kMissing{"",
                                                    "nan",
                                                    "none",
                                                    "null",
                                                    "na",
                                                    "n/a",
                                                    "<na>",
                                                    "*",
                                                    "?",
                                                    "excluded",
                                                    "exclude",
                                                    "unassigned",
                                                    "unknown",
                                                    "undetermined",
                                                    "unmapped",
                                                    "ambiguous",
                                                    "negative",
                                                    "no-guide",
                                                    "multiplet",
                                                    "multiplets",
                                                    "doublet",
                                                    "doublets",
                                                    "multi",
                                                    "multiple",
                                                    "no-assignment",
                                                    "low-quality",
                                                    "ctrl-synthetic-mean"};

constexpr std::array<std::string_view, 5> kGuideWords{"sgrna", "grna", "guide", "sg", "g"};

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? ""
                                           : std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

/// Lower case, `_` and space as `-`.
std::string folded(std::string_view label) {
    std::string text = trimmed(label);
    for (char& c : text) {
        c = c == '_' || c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
}

/// "-sg12", "_3", "g1": what numbers a guide. `loose`: a bare number counts too.
bool is_guide_number(std::string_view rest, bool loose) {
    bool marked = loose;
    const auto skip = [&](std::string_view word) {
        if (rest.substr(0, word.size()) == word) {
            rest.remove_prefix(word.size());
            marked = true;
            return true;
        }
        return false;
    };
    const auto skip_mark = [&] { return skip("-") || skip("_") || skip("."); };
    skip_mark();
    for (const std::string_view word : kGuideWords) {
        if (skip(word)) {
            break;
        }
    }
    skip_mark();
    return marked && !rest.empty() && std::all_of(rest.begin(), rest.end(), is_digit);
}

/// The first quoted text of a tuple label such as [('DMSO_TF', 0.0, 'uM')]; "" if it is not one.
std::string_view tuple_name(std::string_view label) {
    if (label.substr(0, 2) != "[(" || label.size() < 5) {
        return "";
    }
    const auto end = label.find(label[2], 3);
    return end == std::string_view::npos ? "" : label.substr(3, end - 3);
}

/// `pDS255`, `pBA581`: a plasmid of the Weissman laboratory's libraries.
bool is_plasmid(std::string_view text) {
    return text.size() > 3 && text[0] == 'p' && std::isupper(static_cast<unsigned char>(text[1])) != 0 &&
           std::isupper(static_cast<unsigned char>(text[2])) != 0 &&
           std::all_of(text.begin() + 3, text.end(), is_digit);
}

/// Could be a gene symbol that we do not know: a letter, then capitals, digits, `-`, `.`; and not a promoter (P1P2).
bool looks_like_gene(std::string_view text) {
    const auto fits = [](char c) {
        return std::isupper(static_cast<unsigned char>(c)) != 0 || is_digit(c) || c == '-' || c == '.';
    };
    return text.size() >= 2 && std::isupper(static_cast<unsigned char>(text[0])) != 0 &&
           std::all_of(text.begin(), text.end(), fits) && text != "P1" && text != "P2" && text != "P1P2";
}

std::vector<std::string> split_at(const std::string& text, const std::string& separator) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    while (true) {
        const std::size_t end = text.find(separator, begin);
        parts.push_back(trimmed(std::string_view(text).substr(begin, end == std::string::npos ? end : end - begin)));
        if (end == std::string::npos) {
            return parts;
        }
        begin = end + separator.size();
    }
}

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& set, std::string_view word) {
    return std::find(set.begin(), set.end(), word) != set.end();
}

}  // namespace

bool is_control_label(std::string_view label) {
    if (label.find("(mod)") != std::string_view::npos) {
        return true;
    }
    if (const std::string_view name = tuple_name(label); !name.empty()) {
        return is_control_label(name);
    }
    const std::string text = folded(label);
    return text.rfind("negctrl", 0) == 0 || std::any_of(kControls.begin(), kControls.end(), [&](std::string_view base) {
               return text == base ||
                      (text.rfind(base, 0) == 0 && is_guide_number(std::string_view(text).substr(base.size()), true));
           });
}

bool is_missing_label(std::string_view label) {
    return holds(kMissing, folded(label));
}

LabelReader::LabelReader(const std::vector<std::string>& labels, const std::vector<std::string>& measured,
                         const ScreenOptions& options)
    : measured_(measured.begin(), measured.end()), separator_(options.separator) {
    const std::unordered_set<std::string> present(labels.begin(), labels.end());
    for (const std::string& given : options.control) {
        if (present.count(given) != 0) {  // a label may itself contain commas
            controls_.insert(given);
        } else {
            for (const std::string& part : split_at(given, ",")) {
                controls_.insert(part);
            }
        }
    }
    for (const std::string& label : labels) {
        learn(label);
    }
}

/// A label of one gene makes that gene known: it has no separator, or all its other parts are controls.
void LabelReader::learn(const std::string& label) {
    if (is_missing_label(label) || is_control(label)) {
        return;
    }
    for (const std::string separator : {"+", ",", ";", "_"}) {
        if (label.find(separator) == std::string::npos) {
            continue;
        }
        Parts parts = split_at(label, separator);
        std::erase_if(parts, [&](const std::string& part) { return part.empty() || is_control(part); });
        if (parts.size() == 1) {
            singles_.insert(parts.front());
        }
        return;
    }
    singles_.insert(label);
}

bool LabelReader::is_control(const std::string& label) const {
    if (!controls_.empty()) {
        return controls_.count(label) != 0;
    }
    return is_control_label(label);
}

bool LabelReader::is_known(const std::string& name) const {
    return measured_.count(name) != 0 || singles_.count(name) != 0;
}

bool LabelReader::splits_at_underscore(const Parts& parts) const {
    return parts.size() > 1 && std::all_of(parts.begin(), parts.end(),
                                           [&](const std::string& part) { return is_known(part) || is_control(part); });
}

LabelReader::Parts LabelReader::split(const std::string& label, std::string& separator) const {
    if (separator_ == "none" || measured_.count(label) != 0 || !tuple_name(label).empty()) {
        return {label};
    }
    const Parts candidates = separator_.empty() ? Parts{"+", ",", ";", "_"} : Parts{separator_};
    for (const std::string& candidate : candidates) {
        if (label.find(candidate) == std::string::npos) {
            continue;
        }
        Parts parts = split_at(label, candidate);
        if (!separator_.empty() || candidate != "_" || splits_at_underscore(parts)) {
            separator = candidate;
            return parts;
        }
    }
    return {label};
}

/// `SPI1_pDS255`, `STAT1g1`, `STAT1-sg2`: the gene a guide is named after.
std::string LabelReader::without_guide_suffix(const std::string& label) const {
    if (measured_.count(label) != 0 || separator_ == "none") {
        return label;
    }
    if (const auto at = label.find('_'); at != std::string::npos && at > 0) {
        const std::string head = label.substr(0, at);
        const std::string rest = label.substr(at + 1);
        if (is_plasmid(rest) || (is_known(head) && !is_known(rest) && !looks_like_gene(rest))) {
            return head;
        }
    }
    const auto last = label.find_last_not_of("0123456789");
    if (last == std::string::npos || last + 1 == label.size()) {
        return label;
    }
    for (std::size_t length = last + 1; length > 0 && length + 7 > last; --length) {  // "-sgrna" is the longest mark
        const std::string base = label.substr(0, length);
        if (base != label && is_known(base) && is_guide_number(std::string_view(label).substr(length), false)) {
            return base;
        }
    }
    return label;
}

Label LabelReader::read(const std::string& text) const {
    const std::string whole = trimmed(text);
    Label label;
    if (is_control(text) || is_control(whole)) {
        label.kind = Label::Kind::control;
        return label;
    }
    for (const std::string& part : split(whole, label.separator)) {
        if (is_control(part)) {
            label.kind = Label::Kind::control;
        } else if (is_missing_label(part)) {
            return {Label::Kind::missing, {}, label.separator};
        } else {
            label.genes.push_back(without_guide_suffix(part));
        }
    }
    std::sort(label.genes.begin(), label.genes.end());
    label.genes.erase(std::unique(label.genes.begin(), label.genes.end()), label.genes.end());
    if (!label.genes.empty()) {
        label.kind = Label::Kind::perturbation;
    }
    return label;
}

}  // namespace lazynet
