<?php
/**
 * Plugin Name: CDN Pro purger
 * Description: Tells the purger when what visitors see has changed. Signed by Standard Webhooks.
 *
 * Put this file into wp-content/mu-plugins/, and into wp-config.php:
 *   define('CDN_PRO_PURGER_URL', 'https://…/webhooks/wordpress');
 *   define('CDN_PRO_PURGER_SECRET', 'whsec_…');
 */

if (!defined('ABSPATH') || !defined('CDN_PRO_PURGER_URL') || !defined('CDN_PRO_PURGER_SECRET')) {
    return;
}

/** The path of a URL, without the slash that it begins with. */
function cdn_pro_purger_path(string $url): string {
    return ltrim(rawurldecode((string) wp_parse_url($url, PHP_URL_PATH)), '/');
}

/** What an entry is known by: the sites of a network count their posts and terms each for themselves. */
function cdn_pro_purger_id(string $id): string {
    return is_multisite() ? get_current_blog_id() . "-$id" : $id;
}

function cdn_pro_purger_address(string $slug, string $url): array {
    return ['slug' => $slug, 'url' => $url, 'path' => cdn_pro_purger_path($url)];
}

/** What a post is known under while it is public, and which archives show it. */
function cdn_pro_purger_place(WP_Post $post): array {
    if ($post->post_type === 'attachment') {
        return cdn_pro_purger_address($post->post_name, (string) wp_get_attachment_url($post->ID));
    }
    $slugs = function (string $taxonomy) use ($post): array {
        $terms = wp_get_post_terms($post->ID, $taxonomy, ['fields' => 'slugs']);
        return is_wp_error($terms) ? [] : $terms;
    };
    [$year, $month, $day] = explode('-', substr($post->post_date, 0, 10)) + ['', '', ''];
    return cdn_pro_purger_address($post->post_name, (string) get_permalink($post)) + [
        'categories' => $slugs('category'),
        'tags' => $slugs('post_tag'),
        'author' => (string) get_the_author_meta('user_nicename', (int) $post->post_author),
        'year' => $year,
        'month' => $month,
        'day' => $day,
    ];
}

function cdn_pro_purger_send(string $event, array $data): void {
    // Milliseconds tell the order of two saves of one second.
    $now = new DateTimeImmutable('now', new DateTimeZone('UTC'));
    $body = wp_json_encode(['type' => $event, 'timestamp' => $now->format('Y-m-d\TH:i:s.v\Z'), 'data' => $data]);
    $id = 'msg_' . wp_generate_uuid4();
    $time = (string) time();
    $key = base64_decode(substr(CDN_PRO_PURGER_SECRET, strlen('whsec_')));
    $signature = base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
    $response = wp_remote_post(CDN_PRO_PURGER_URL, [
        'timeout' => 5,
        'body' => $body,
        'headers' => [
            'content-type' => 'application/json',
            'webhook-id' => $id,
            'webhook-timestamp' => $time,
            'webhook-signature' => "v1,$signature",
        ],
    ]);
    $status = is_wp_error($response) ? $response->get_error_message() : wp_remote_retrieve_response_code($response);
    if (!in_array($status, [200, 202], true)) {
        error_log("CDN Pro purger: $event of {$data['id']} was answered $status");
    }
}

function cdn_pro_purger_is_watched(WP_Post $post): bool {
    return is_post_type_viewable($post->post_type) && !wp_is_post_revision($post) && !wp_is_post_autosave($post);
}

/** Sends each change once, at the end of the request: terms and meta are saved after the status changes. */
function cdn_pro_purger_later(string $key, callable $send): void {
    $isFirst = !isset($GLOBALS['cdn_pro_purger_later']);
    $GLOBALS['cdn_pro_purger_later'][$key] = $send;
    if ($isFirst) {
        add_action('shutdown', function (): void {
            foreach ($GLOBALS['cdn_pro_purger_later'] as $send) {
                $send();
            }
        });
    }
}

/** Tells that a post has changed, and where it and its children were before. */
function cdn_pro_purger_post(string $event, WP_Post $post, ?array $before): void {
    $now = cdn_pro_purger_place(get_post($post->ID) ?: $post);
    $data = ['id' => cdn_pro_purger_id((string) $post->ID), 'type' => $post->post_type, 'locale' => get_locale()] + $now;
    if ($before && $before !== $now) {
        $data['previous'] = $before;
    }
    cdn_pro_purger_send($event, $data);
    if (!$before || $before['url'] === $now['url'] || !is_post_type_hierarchical($post->post_type)) {
        return;
    }
    foreach (get_pages(['child_of' => $post->ID, 'post_type' => $post->post_type]) ?: [] as $child) {
        $place = cdn_pro_purger_place($child);
        $former = $before['url'] . substr($place['url'], strlen($now['url']));
        cdn_pro_purger_send('post.updated', [
            'id' => cdn_pro_purger_id((string) $child->ID),
            'type' => $child->post_type,
            'locale' => get_locale(),
            'previous' => cdn_pro_purger_address($child->post_name, $former),
        ] + $place);
    }
}

// What a post was known under before the first save of a request: plugins save it again, and by then the old slug is gone.
add_action('pre_post_update', function (int $post_id): void {
    $post = get_post($post_id);
    if ($post && ($post->post_status === 'publish' || $post->post_type === 'attachment')) {
        $GLOBALS['cdn_pro_purger_before'][$post_id] ??= cdn_pro_purger_place($post);
    }
});

add_action('transition_post_status', function (string $new, string $old, WP_Post $post): void {
    if (!cdn_pro_purger_is_watched($post) || ($new !== 'publish' && $old !== 'publish')) {
        return;
    }
    $before = $GLOBALS['cdn_pro_purger_before'][$post->ID] ?? null;
    cdn_pro_purger_later("post-{$post->ID}", function () use ($new, $old, $post, $before): void {
        if ($new === 'publish') {
            cdn_pro_purger_post($old === 'publish' ? 'post.updated' : 'post.published', $post, $before);
            return;
        }
        $data = ['id' => cdn_pro_purger_id((string) $post->ID), 'type' => $post->post_type, 'locale' => get_locale()];
        cdn_pro_purger_send('post.unpublished', $data + ($before ?? []));
    });
}, 10, 3);

add_action('before_delete_post', function (int $post_id, WP_Post $post): void {
    if ($post->post_status === 'publish' && cdn_pro_purger_is_watched($post)) {
        $data = ['id' => cdn_pro_purger_id((string) $post->ID), 'type' => $post->post_type] + cdn_pro_purger_place($post);
        cdn_pro_purger_send('post.deleted', $data);
    }
}, 10, 2);

/** A comment that visitors see, or saw, changes the post that it belongs to. */
function cdn_pro_purger_comment(WP_Comment $comment): void {
    $post = get_post((int) $comment->comment_post_ID);
    if ($post && $post->post_status === 'publish' && cdn_pro_purger_is_watched($post)) {
        $tell = fn() => cdn_pro_purger_post('post.updated', $post, null);
        isset($GLOBALS['cdn_pro_purger_later']["post-{$post->ID}"]) || cdn_pro_purger_later("post-{$post->ID}", $tell);
    }
}

add_action('wp_insert_comment', function (int $id, WP_Comment $comment): void {
    if ($comment->comment_approved === '1') {
        cdn_pro_purger_comment($comment);
    }
}, 10, 2);
add_action('edit_comment', function (int $id): void {
    $comment = get_comment($id);
    if ($comment && $comment->comment_approved === '1') {
        cdn_pro_purger_comment($comment);
    }
});
add_action('transition_comment_status', function (string $new, string $old, WP_Comment $comment): void {
    if ($new === 'approved' || $old === 'approved') {
        cdn_pro_purger_comment($comment);
    }
}, 10, 3);

/** Where the archive of a term is; null where it has none. */
function cdn_pro_purger_term(int $id, string $taxonomy): ?array {
    $term = is_taxonomy_viewable($taxonomy) ? get_term($id, $taxonomy) : null;
    $url = $term instanceof WP_Term ? get_term_link($term) : null;
    return is_string($url) ? cdn_pro_purger_address($term->slug, $url) : null;
}

add_action('edit_terms', function (int $id, string $taxonomy): void {
    $GLOBALS['cdn_pro_purger_terms'][$id] ??= cdn_pro_purger_term($id, $taxonomy);
}, 10, 2);
add_action('saved_term', function (int $id, int $tt_id, string $taxonomy): void {
    $before = $GLOBALS['cdn_pro_purger_terms'][$id] ?? null;
    cdn_pro_purger_later("term-$id", function () use ($id, $taxonomy, $before): void {
        $now = cdn_pro_purger_term($id, $taxonomy);
        if ($now) {
            $data = ['id' => cdn_pro_purger_id("term-$id"), 'type' => $taxonomy, 'locale' => get_locale()] + $now;
            cdn_pro_purger_send('term.updated', $before && $before !== $now ? $data + ['previous' => $before] : $data);
        }
    });
}, 10, 3);
add_action('pre_delete_term', function (int $id, string $taxonomy): void {
    $place = cdn_pro_purger_term($id, $taxonomy);
    if ($place) {
        cdn_pro_purger_send('term.deleted', ['id' => cdn_pro_purger_id("term-$id"), 'type' => $taxonomy] + $place);
    }
}, 10, 2);

/** A file of the media library is public whatever its status says. */
function cdn_pro_purger_attachment(int $id): void {
    $before = $GLOBALS['cdn_pro_purger_before'][$id] ?? null;
    cdn_pro_purger_later("post-$id", function () use ($id, $before): void {
        $post = get_post($id);
        if ($post) {
            cdn_pro_purger_post('attachment.updated', $post, $before);
        }
    });
}

add_action('add_attachment', 'cdn_pro_purger_attachment');
add_action('attachment_updated', 'cdn_pro_purger_attachment');
// An image that is edited or replaced keeps its post, and gets new sizes.
add_action('updated_post_meta', function (int $meta_id, int $id, string $key): void {
    if ($key === '_wp_attachment_metadata') {
        cdn_pro_purger_attachment($id);
    }
}, 10, 3);
add_action('delete_attachment', function (int $id): void {
    $post = get_post($id);
    if ($post) {
        $data = ['id' => cdn_pro_purger_id((string) $id), 'type' => 'attachment'] + cdn_pro_purger_place($post);
        cdn_pro_purger_send('attachment.deleted', $data);
    }
});
