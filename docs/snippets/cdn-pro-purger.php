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

/** What a post is known under while it is public. */
function cdn_pro_purger_place(WP_Post $post): array {
    $url = (string) get_permalink($post);
    return ['slug' => $post->post_name, 'url' => $url, 'path' => cdn_pro_purger_path($url)];
}

function cdn_pro_purger_send(string $event, array $data): void {
    $body = wp_json_encode(['type' => $event, 'timestamp' => gmdate('Y-m-d\TH:i:s\Z'), 'data' => $data]);
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

// The permalink from before a save: afterwards, the old slug is gone.
add_action('pre_post_update', function (int $post_id): void {
    $post = get_post($post_id);
    if ($post && $post->post_status === 'publish') {
        $GLOBALS['cdn_pro_purger_before'][$post_id] = cdn_pro_purger_place($post);
    }
});

// Terms and meta are saved after the status changes, so what is sent waits for the end of the request.
add_action('transition_post_status', function (string $new, string $old, WP_Post $post): void {
    if (!cdn_pro_purger_is_watched($post) || ($new !== 'publish' && $old !== 'publish')) {
        return;
    }
    $before = $GLOBALS['cdn_pro_purger_before'][$post->ID] ?? null;
    add_action('shutdown', function () use ($new, $old, $post, $before): void {
        $data = ['id' => $post->ID, 'type' => $post->post_type, 'locale' => get_locale()];
        if ($new === 'publish') {
            $data += cdn_pro_purger_place(get_post($post->ID) ?: $post);
        } elseif ($before) {
            $data += $before;
        }
        if ($before && $new === 'publish' && $before['url'] !== $data['url']) {
            $data['previous'] = $before;
        }
        $event = $new === 'publish' ? ($old === 'publish' ? 'updated' : 'published') : 'unpublished';
        cdn_pro_purger_send("post.$event", $data);
    });
}, 10, 3);

add_action('before_delete_post', function (int $post_id, WP_Post $post): void {
    if ($post->post_status === 'publish' && cdn_pro_purger_is_watched($post)) {
        $data = ['id' => $post->ID, 'type' => $post->post_type] + cdn_pro_purger_place($post);
        cdn_pro_purger_send('post.deleted', $data);
    }
}, 10, 2);
