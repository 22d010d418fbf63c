<?php
/**
 * As much of WordPress as the plugin calls, and an editor's day on it. Prints a line of JSON for each request that the
 * plugin sends: what was being done, and the request.
 *
 * Usage: php wordpress.php PLUGIN SECRET STATUS, where STATUS is what every request is answered.
 */

[, $plugin, $secret, $status] = $argv;
ini_set('error_log', '/dev/stderr');
error_reporting(E_ALL);
set_error_handler(function (int $level, string $message, string $file, int $line): never {
    throw new ErrorException($message, 0, $level, $file, $line);
});

define('ABSPATH', __DIR__);
define('CDN_PRO_PURGER_URL', 'https://purger.example/webhooks/wordpress');
define('CDN_PRO_PURGER_SECRET', $secret);

final class WP_Post {
    public function __construct(
        public int $ID,
        public string $post_type,
        public string $post_status,
        public string $post_name,
        public int $post_parent = 0,
        public string $post_date = '2026-01-02 03:04:05',
        public int $post_author = 1,
    ) {}
}
final class WP_Comment {
    public function __construct(public int $comment_ID, public int $comment_post_ID, public string $comment_approved) {}
}
final class WP_Term {
    public function __construct(public int $term_id, public string $taxonomy, public string $slug) {}
}
final class WP_Error {
    public function get_error_message(): string {
        return 'no connection';
    }
}

$hooks = [];
$posts = [];
$comments = [];
$terms = [];
/** Slugs by taxonomy, of each post. */
$slugs = [];
$doing = '';

function add_action(string $name, callable $callback, int $priority = 10, int $arguments = 1): void {
    $GLOBALS['hooks'][$name][] = [$callback, $arguments];
}
function do_action(string $name, mixed ...$values): void {
    foreach ($GLOBALS['hooks'][$name] ?? [] as [$callback, $arguments]) {
        $callback(...array_slice($values, 0, $arguments));
    }
}
function get_post(int $id): ?WP_Post {
    $post = $GLOBALS['posts'][$id] ?? null;
    return $post ? clone $post : null;
}
function get_permalink(WP_Post $post): string|false {
    $folder = $post->post_type === 'page' ? '' : 'blog/';
    for ($above = get_post($post->post_parent); $above; $above = get_post($above->post_parent)) {
        $folder = "{$above->post_name}/$folder";
    }
    return $post->post_status === 'publish' ? "https://www.example.com/$folder{$post->post_name}/" : "https://www.example.com/?p={$post->ID}";
}
function is_multisite(): bool {
    return false;
}
function is_post_type_hierarchical(string $type): bool {
    return $type === 'page';
}
function get_pages(array $query): array {
    $all = array_filter($GLOBALS['posts'], fn(WP_Post $post) => $post->post_status === 'publish');
    $below = function (int $id) use (&$below, $all): array {
        $found = [];
        foreach ($all as $post) {
            if ($post->post_parent === $id) {
                array_push($found, clone $post, ...$below($post->ID));
            }
        }
        return $found;
    };
    return $below($query['child_of']);
}
function wp_get_post_terms(int $id, string $taxonomy, array $query): array {
    return $GLOBALS['slugs'][$id][$taxonomy] ?? [];
}
function get_the_author_meta(string $field, int $user): string {
    return 'anna';
}
function wp_get_attachment_url(int $id): string|false {
    return "https://www.example.com/wp-content/uploads/{$GLOBALS['posts'][$id]->post_name}.png";
}
function get_comment(int $id): ?WP_Comment {
    return $GLOBALS['comments'][$id] ?? null;
}
function is_taxonomy_viewable(string $taxonomy): bool {
    return $taxonomy !== 'nav_menu';
}
function get_term(int $id, string $taxonomy): WP_Term|WP_Error|null {
    return $GLOBALS['terms'][$id] ?? null;
}
function get_term_link(WP_Term $term): string|WP_Error {
    return "https://www.example.com/$term->taxonomy/$term->slug/";
}
function get_locale(): string {
    return 'de_DE';
}
function is_post_type_viewable(string $type): bool {
    return $type !== 'nav_menu_item' && $type !== 'revision';
}
function wp_is_post_revision(WP_Post $post): int|false {
    return $post->post_type === 'revision' ? 1 : false;
}
function wp_is_post_autosave(WP_Post $post): int|false {
    return false;
}
function wp_json_encode(mixed $data): string|false {
    return json_encode($data);
}
function wp_generate_uuid4(): string {
    return '6f1c9a52-0000-4000-8000-' . bin2hex(random_bytes(6));
}
function wp_parse_url(string $url, int $component = -1): mixed {
    return parse_url($url, $component);
}
function wp_remote_post(string $url, array $request): array|WP_Error {
    echo json_encode(['doing' => $GLOBALS['doing'], 'url' => $url] + $request), "\n";
    $status = (int) $GLOBALS['status'];
    return $status === 0 ? new WP_Error() : ['response' => ['code' => $status]];
}
function is_wp_error(mixed $value): bool {
    return $value instanceof WP_Error;
}
function wp_remote_retrieve_response_code(array $response): int|string {
    return $response['response']['code'];
}

/** What WordPress does for one request of an editor's, in its order of hooks. */
function request(string $what, callable $work): void {
    $GLOBALS['doing'] = $what;
    // No two requests of an editor's are in the same millisecond.
    usleep(2000);
    $work();
    do_action('shutdown');
    unset(
        $GLOBALS['hooks']['shutdown'],
        $GLOBALS['cdn_pro_purger_before'],
        $GLOBALS['cdn_pro_purger_later'],
        $GLOBALS['cdn_pro_purger_terms'],
    );
}
/** As wp_insert_post: the old post is in the database until pre_post_update is over. */
function save(WP_Post $post): void {
    global $posts;
    $old = $posts[$post->ID] ?? null;
    if ($old) {
        do_action('pre_post_update', $post->ID);
    }
    $posts[$post->ID] = $post;
    do_action('transition_post_status', $post->post_status, $old->post_status ?? 'new', clone $post);
}
/** As wp_delete_post. */
function delete(int $id): void {
    global $posts;
    do_action('before_delete_post', $id, get_post($id));
    unset($posts[$id]);
}

/** As wp_insert_comment, wp_set_comment_status and wp_update_comment. */
function comment(WP_Comment $comment): void {
    $GLOBALS['comments'][$comment->comment_ID] = $comment;
    do_action('wp_insert_comment', $comment->comment_ID, $comment);
}
function moderate(int $id, string $new, string $old): void {
    $comment = get_comment($id);
    $comment->comment_approved = $new === 'approved' ? '1' : '0';
    do_action('transition_comment_status', $new, $old, $comment);
}
/** As wp_insert_term and wp_update_term, and wp_delete_term. */
function saveTerm(WP_Term $term): void {
    if (isset($GLOBALS['terms'][$term->term_id])) {
        do_action('edit_terms', $term->term_id, $term->taxonomy);
    }
    $GLOBALS['terms'][$term->term_id] = $term;
    do_action('saved_term', $term->term_id, $term->term_id, $term->taxonomy, true);
}
function deleteTerm(int $id): void {
    do_action('pre_delete_term', $id, $GLOBALS['terms'][$id]->taxonomy);
    unset($GLOBALS['terms'][$id]);
}
/** As wp_insert_attachment and wp_update_post, and wp_delete_attachment. */
function attach(WP_Post $file): void {
    $isNew = !isset($GLOBALS['posts'][$file->ID]);
    save($file);
    do_action($isNew ? 'add_attachment' : 'attachment_updated', $file->ID);
}
function deleteAttachment(int $id): void {
    do_action('delete_attachment', $id);
    unset($GLOBALS['posts'][$id]);
}

require $plugin;

request('draft', fn() => save(new WP_Post(1, 'post', 'draft', '')));
request('publish', fn() => save(new WP_Post(1, 'post', 'publish', 'hello')));
request('update', fn() => save(new WP_Post(1, 'post', 'publish', 'hello')));
request('rename', fn() => save(new WP_Post(1, 'post', 'publish', 'gr%c3%bc%c3%9fe')));
request('revision', fn() => save(new WP_Post(2, 'revision', 'publish', '1-revision-v1')));
request('menu', fn() => save(new WP_Post(3, 'nav_menu_item', 'publish', 'about')));
request('unpublish', fn() => save(new WP_Post(1, 'post', 'draft', 'gr%c3%bc%c3%9fe')));
request('publish page', fn() => save(new WP_Post(4, 'page', 'publish', 'about')));
request('trash page', fn() => save(new WP_Post(4, 'page', 'trash', 'about__trashed')));
request('delete page from trash', fn() => delete(4));
request('publish product', fn() => save(new WP_Post(5, 'product', 'publish', 'shoe')));
request('delete product', fn() => delete(5));

request('publish in a category', fn() => save(new WP_Post(6, 'post', 'publish', 'news')));
$GLOBALS['slugs'][6] = ['category' => ['old'], 'post_tag' => ['a', 'b']];
request('move to another category', function (): void {
    do_action('pre_post_update', 6);
    $GLOBALS['slugs'][6]['category'] = ['new'];
    do_action('transition_post_status', 'publish', 'publish', get_post(6));
});
request('comment that waits', fn() => comment(new WP_Comment(1, 6, '0')));
request('comment is approved', fn() => moderate(1, 'approved', 'unapproved'));
request('comment is edited', fn() => do_action('edit_comment', 1));
request('comment is spam', fn() => moderate(1, 'spam', 'approved'));
request('spam is deleted', fn() => moderate(1, 'delete', 'spam'));
request('comment is published at once', fn() => comment(new WP_Comment(2, 6, '1')));
request('comment on a draft', fn() => comment(new WP_Comment(3, 1, '1')));
request('new term', fn() => saveTerm(new WP_Term(7, 'category', 'sport')));
request('renamed term', fn() => saveTerm(new WP_Term(7, 'category', 'sports')));
request('deleted term', fn() => deleteTerm(7));
request('term of a menu', fn() => saveTerm(new WP_Term(8, 'nav_menu', 'top')));
request('upload', fn() => attach(new WP_Post(9, 'attachment', 'inherit', 'photo')));
request('edited image', fn() => do_action('updated_post_meta', 1, 9, '_wp_attachment_metadata'));
request('other meta', fn() => do_action('updated_post_meta', 2, 9, '_edit_lock'));
request('deleted file', fn() => deleteAttachment(9));
request('publish parent', fn() => save(new WP_Post(10, 'page', 'publish', 'team')));
request('publish child', fn() => save(new WP_Post(11, 'page', 'publish', 'anna', 10)));
request('rename parent', fn() => save(new WP_Post(10, 'page', 'publish', 'people')));
request('rename that is saved twice', function (): void {
    save(new WP_Post(10, 'page', 'publish', 'crew'));
    // As plugins do when a post is saved.
    save(new WP_Post(10, 'page', 'publish', 'crew'));
});
request('renamed term that is saved twice', function (): void {
    saveTerm(new WP_Term(12, 'category', 'music'));
    saveTerm(new WP_Term(12, 'category', 'songs'));
    saveTerm(new WP_Term(12, 'category', 'songs'));
});
