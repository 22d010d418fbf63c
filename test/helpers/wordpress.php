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
    ) {}
}
final class WP_Error {
    public function get_error_message(): string {
        return 'no connection';
    }
}

$hooks = [];
$posts = [];
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
    return $post->post_status === 'publish' ? "https://www.example.com/$folder{$post->post_name}/" : "https://www.example.com/?p={$post->ID}";
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
    $work();
    do_action('shutdown');
    unset($GLOBALS['hooks']['shutdown'], $GLOBALS['cdn_pro_purger_before']);
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
