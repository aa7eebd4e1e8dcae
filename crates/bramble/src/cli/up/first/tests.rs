use super::built_in;

#[test]
fn the_built_in_configuration_listens_where_it_is_told() {
    let (file, config) = built_in(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let [listener] = config.listeners() else { panic!("{config:?}") };
    assert_ne!(listener.address.port(), 0);
    assert_ne!(listener.address.port(), 8080);
    assert!(file.text.contains(&listener.address.to_string()));
    assert_eq!(built_in(None).unwrap().1, bramble_config::Config::default());
}
