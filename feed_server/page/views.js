/**
 * The page's views: one file each, listed here.
 *
 * A view has a `name` (its address: `#/name/...`), a `title`, and `create(page)`, which
 * is called when it is first shown and returns
 * - `element`: shown while the view is;
 * - `show(...parts)`: what stands behind its name in the address, decoded;
 * - `update(changes)`: draw; `changes` are the market's entries that changed, or null;
 * - `hide()`, `measure()`, `print(isPrinting)`: optional; the window or theme changed.
 *
 * `page` has `feed` and `market` (MarketRows), `seconds()` since the page began,
 * `timeOf(seconds)`, `inks` for canvases, and `frame()`, which asks for an `update`.
 * A view that is not `listed` is reached by links only.
 */

import * as board from "./views/board.js";
import * as market from "./views/market.js";
import * as product from "./views/product.js";

export const VIEWS = [market, product, board];
